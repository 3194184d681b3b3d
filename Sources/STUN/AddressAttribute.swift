public import NIOCore

/// An attribute that says one address (RFC 8489 §14.1, §14.2).
public protocol AddressAttribute: STUNAttribute {
    /// Whether the address is XOR-ed, because some address translators rewrite their own address wherever they find it
    /// in a payload; `false` unless a type says otherwise.
    static var isXORed: Bool { get }

    /// The address.
    var address: TransportAddress { get }

    /// Makes the attribute.
    init(_ address: TransportAddress)
}

extension AddressAttribute {
    /// The address stands as it is.
    public static var isXORed: Bool { false }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        let address = try AddressValue.decode(value, of: Self.type)
        self.init(Self.isXORed ? AddressValue.xor(address, in: transaction) : address)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        AddressValue.encode(Self.isXORed ? AddressValue.xor(address, in: transaction) : address, into: &buffer)
    }
}
