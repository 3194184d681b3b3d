/// The packet types of the Socket.IO protocol, revision 5.
enum PacketType: UInt8, Sendable, CaseIterable {
    case connect = 0x30
    case disconnect = 0x31
    case event = 0x32
    case acknowledgement = 0x33
    case connectError = 0x34
    case binaryEvent = 0x35
    case binaryAcknowledgement = 0x36

    /// Whether attachments follow the packet.
    var isBinary: Bool {
        self == .binaryEvent || self == .binaryAcknowledgement
    }
}
