import NIOCore

/// The name of a namespace in the forms in which it is needed.
struct NamespaceName: Sendable, Hashable {
    /// The name with its leading slash.
    let name: String

    /// The name as packets carry it; `nil` for the main namespace, which packets don't name.
    let bytes: ByteBuffer?

    /// What stands before id and payload of a packet: name and comma, or nothing for the main namespace.
    let wirePrefix: String

    static let main = NamespaceName("/")

    /// Takes a name as an application gives it; a leading slash is added where it is missing.
    init(_ name: String) {
        self.name = name.utf8.first == UInt8(ascii: "/") ? name : "/" + name
        let isMain = self.name == "/"
        bytes = isMain ? nil : ByteBuffer(string: self.name)
        wirePrefix = isMain ? "" : self.name + ","
    }
}
