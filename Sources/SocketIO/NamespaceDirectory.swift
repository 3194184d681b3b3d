import Logging
import Synchronization

/// The namespaces of a server by name, and what makes new ones.
final class NamespaceDirectory: Sendable {
    private struct Entry {
        let namespace: Namespace
        let parent: ParentNamespace?
        /// How many sockets are in a dynamic namespace or about to join it; the others don't count theirs.
        var occupants = 0
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var parents: [ParentNamespace] = []
        var hooks: [@Sendable (Namespace) -> Void] = []
        var dynamicCount = 0

        mutating func enter(_ name: String) -> Namespace? {
            guard let namespace = entries[name]?.namespace else { return nil }
            if namespace.isDynamic { entries[name]?.occupants += 1 }
            return namespace
        }
    }

    let main: Namespace
    private let setup: NamespaceSetup
    private let maximumDynamic: Int
    private let maximumNameLength: Int
    private let removesEmptyChildren: Bool
    private let state = Mutex(State())

    init(_ configuration: SocketIOServer.Configuration, adapter: AdapterFactory?, logger: Logger?) {
        setup = NamespaceSetup(
            logger: logger,
            adapter: adapter,
            format: configuration.parser,
            recovery: configuration.connectionStateRecovery
        )
        main = Namespace(.main, setup)
        maximumDynamic = configuration.maxDynamicNamespaces
        maximumNameLength = configuration.maxDynamicNamespaceNameLength
        removesEmptyChildren = configuration.cleanupEmptyChildNamespaces
    }

    func add(_ parent: ParentNamespace) {
        state.withLock { $0.parents.append(parent) }
    }

    func add(_ hook: @escaping @Sendable (Namespace) -> Void) {
        state.withLock { $0.hooks.append(hook) }
    }

    /// The namespace that the application asks for, created when it does not exist.
    func namespace(_ identity: NamespaceName) -> Namespace {
        guard identity.bytes != nil else { return main }
        if let namespace = state.withLock({ $0.entries[identity.name]?.namespace }) { return namespace }
        let parent = state.withLock { $0.parents }.first { $0.adopts(identity.name) }
        let (namespace, hooks) = state.withLock { state in
            if let entry = state.entries[identity.name] { return (entry.namespace, [@Sendable (Namespace) -> Void]()) }
            let namespace =
                parent?.makeChild(identity, setup, isDynamic: false)
                ?? Namespace(identity, setup)
            state.entries[identity.name] = Entry(namespace: namespace, parent: parent)
            return (namespace, state.hooks)
        }
        for hook in hooks { hook(namespace) }
        return namespace
    }

    /// The namespace that a client asks for, if there is one; a dynamic one has one occupant more.
    func enter(_ name: String) -> Namespace? {
        state.withLock { $0.enter(name) }
    }

    /// What could make a namespace of this name; nothing for a name that is too long to be kept.
    func parents(for name: String) -> [ParentNamespace] {
        guard name.utf8.count <= maximumNameLength else { return [] }
        return state.withLock { $0.parents }
    }

    /// The child that a client asks for, created unless another client was first; it has one occupant more.
    /// - Returns: `nil` when there are as many dynamic namespaces as there may be.
    func enterChild(_ name: String, of parent: ParentNamespace) -> Namespace? {
        let created: (Namespace, [@Sendable (Namespace) -> Void])? = state.withLock { state in
            if let existing = state.enter(name) { return (existing, []) }
            guard state.dynamicCount < maximumDynamic else { return nil }
            state.dynamicCount += 1
            let child = parent.makeChild(NamespaceName(name), setup, isDynamic: true)
            state.entries[name] = Entry(namespace: child, parent: parent, occupants: 1)
            return (child, state.hooks)
        }
        guard let (namespace, hooks) = created else { return nil }
        for hook in hooks { hook(namespace) }
        return namespace
    }

    /// An occupant has left a dynamic namespace.
    func leave(_ namespace: Namespace) {
        let parent: ParentNamespace? = state.withLock { state in
            guard var entry = state.entries[namespace.name], entry.namespace === namespace else { return nil }
            entry.occupants -= 1
            guard entry.occupants == 0, removesEmptyChildren else {
                state.entries[namespace.name] = entry
                return nil
            }
            state.entries[namespace.name] = nil
            state.dynamicCount -= 1
            return entry.parent
        }
        guard let parent else { return }
        parent.remove(namespace)
        namespace.end()
    }

    /// Ends the adapters, because the server ends.
    func closeAdapters() {
        let all = state.withLock { $0.entries.values.map(\.namespace) } + [main]
        for namespace in all { namespace.cluster?.adapter.close() }
    }
}
