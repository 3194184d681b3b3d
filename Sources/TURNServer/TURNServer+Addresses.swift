import Logging
import NIOCore
import STUN
import TURN

/// Looks at the machine's addresses again and again: they come late, and change.
final class AddressWatcher {
    /// Said where relays can have no address.
    static let nowhere: Logger.Message =
        "This machine has no address for relays: allocations are refused with 440 until it has one"

    private var known: MachineAddresses
    private let logger: Logger
    private let ask: () -> MachineAddresses
    private let isRelaying: Bool

    /// Makes a watcher.
    /// - Parameters:
    ///   - known: The addresses that the server has begun with.
    ///   - isRelaying: Whether it has relays at the machine's addresses.
    ///   - logger: Where changes are noted.
    ///   - ask: Asks the system.
    init(
        known: MachineAddresses,
        isRelaying: Bool,
        logger: Logger,
        ask: @escaping () -> MachineAddresses = MachineAddresses.current
    ) {
        self.known = known
        self.isRelaying = isRelaying
        self.logger = logger
        self.ask = ask
    }

    /// The machine's addresses, if they are others than at the last look.
    func look() -> MachineAddresses? {
        let current = ask()
        guard current != known else { return nil }
        known = current
        logger.notice("The machine's addresses have changed", metadata: ["addresses": "\(current.all)"])
        if isRelaying, !current.all.contains(where: { !$0.isLoopback }) {
            logger.warning(Self.nowhere)
        }
        return current
    }
}
