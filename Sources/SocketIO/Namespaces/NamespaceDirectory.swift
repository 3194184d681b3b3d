import Locking
import Logging

/// The namespaces of a server by name, and what makes new ones.
final class NamespaceDirectory: Sendable {
    private struct Entry {
        let namespace: Namespace
        let parent: ParentNamespace?
        /// Who waits until the hooks for new namespaces have run; absent afterwards.
        var waiting: [@Sendable () -> Void]?
        /// How many sockets are in a dynamic namespace or about to join it; the others don't count theirs.
        var occupants = 0
    }

    /// What a client finds that asks for a namespace.
    enum Found {
        case nothing
        /// The hooks for new namespaces have not run to their ends; ``whenMade(_:_:)`` tells when they have.
        case beingMade
        case namespace(Namespace)
    }

    private struct Made {
        let namespace: Namespace
        var hooks: [@Sendable (Namespace) -> Void] = []
    }

    private struct State {
        var entries: [ExactString: Entry] = [:]
        var parents: [ParentNamespace] = []
        var hooks: [@Sendable (Namespace) -> Void] = []
        var dynamicCount = 0

        mutating func enter(_ name: ExactString) -> Found {
            guard let entry = entries[name] else { return .nothing }
            guard entry.waiting == nil else { return .beingMade }
            if entry.namespace.isDynamic { entries[name]?.occupants += 1 }
            return .namespace(entry.namespace)
        }

        /// Enters a namespace that was made; who made it runs the hooks.
        mutating func insert(_ namespace: Namespace, of parent: ParentNamespace?, occupants: Int = 0) -> Made {
            let waiting: [@Sendable () -> Void]? = hooks.isEmpty ? nil : []
            let entry = Entry(namespace: namespace, parent: parent, waiting: waiting, occupants: occupants)
            entries[ExactString(namespace.name)] = entry
            return Made(namespace: namespace, hooks: hooks)
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
        let name = ExactString(identity.name)
        // While the hooks run too: they ask for it themselves.
        if let namespace = state.withLock({ $0.entries[name]?.namespace }) { return namespace }
        let parent = state.withLock { $0.parents }.first { $0.adopts(identity.name) }
        let made = state.withLock { state in
            if let entry = state.entries[name] { return Made(namespace: entry.namespace) }
            let namespace = parent?.makeChild(identity, setup, isDynamic: false) ?? Namespace(identity, setup)
            return state.insert(namespace, of: parent)
        }
        finish(made)
        return made.namespace
    }

    /// Runs the hooks, without the lock, and then lets the clients in that wait for that.
    private func finish(_ made: Made) {
        guard !made.hooks.isEmpty else { return }
        for hook in made.hooks { hook(made.namespace) }
        let name = ExactString(made.namespace.name)
        let waiting = state.withLock { state in
            defer { state.entries[name]?.waiting = nil }
            return state.entries[name]?.waiting ?? []
        }
        for work in waiting { work() }
    }

    /// The namespace that a client asks for, if there is one; a dynamic one has one occupant more.
    func enter(_ name: String) -> Found {
        state.withLock { $0.enter(ExactString(name)) }
    }

    /// Runs `work` as soon as a namespace is not being made any more.
    func whenMade(_ name: String, _ work: @escaping @Sendable () -> Void) {
        let isWaiting = state.withLock { state in
            guard state.entries[ExactString(name)]?.waiting != nil else { return false }
            state.entries[ExactString(name)]?.waiting?.append(work)
            return true
        }
        if !isWaiting { work() }
    }

    /// What could make a namespace of this name; nothing for a name that is too long to be kept.
    func parents(for name: String) -> [ParentNamespace] {
        guard name.utf8.count <= maximumNameLength else { return [] }
        return state.withLock { $0.parents }
    }

    /// The child that a client asks for, created unless another client was first; it has one occupant more.
    /// - Returns: ``Found/nothing`` when there are as many dynamic namespaces as there may be.
    func enterChild(_ name: String, of parent: ParentNamespace) -> Found {
        let made: Made?
        let found: Found
        (found, made) = state.withLock { state in
            switch state.enter(ExactString(name)) {
            case .nothing: break
            case let found: return (found, nil)
            }
            guard state.dynamicCount < maximumDynamic else { return (.nothing, nil) }
            state.dynamicCount += 1
            let child = parent.makeChild(NamespaceName(name), setup, isDynamic: true)
            return (.namespace(child), state.insert(child, of: parent, occupants: 1))
        }
        if let made { finish(made) }
        return found
    }

    /// An occupant has left a dynamic namespace.
    func leave(_ namespace: Namespace) {
        let name = ExactString(namespace.name)
        let parent: ParentNamespace? = state.withLock { state in
            guard var entry = state.entries[name], entry.namespace === namespace else { return nil }
            entry.occupants -= 1
            guard entry.occupants == 0, removesEmptyChildren else {
                state.entries[name] = entry
                return nil
            }
            state.entries[name] = nil
            state.dynamicCount -= 1
            // Under the lock, so that the adapter of a namespace that takes its place is made only when this has ended:
            // to whatever joins the servers they have the same name.
            namespace.cluster?.adapter.close()
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
