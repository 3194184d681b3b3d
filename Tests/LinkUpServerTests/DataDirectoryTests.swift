import Foundation
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct DataDirectoryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test
    func createsTheFolderForThisUserAlone() throws {
        let directory = try DataDirectory(path: folder.path("a/b"))
        #expect(try mode(directory.path) == 0o700)
        #expect(throws: Never.self) { try DataDirectory(path: directory.path) }
    }

    @Test
    func keepsTheSecretOverRestarts() throws {
        let directory = try DataDirectory(path: folder.path("a"))
        let secret = try directory.loadSecret()
        #expect(secret.count == 32)
        #expect(Set(secret).count > 1)
        #expect(try mode(directory.secretFile) == 0o600)
        #expect(try DataDirectory(path: folder.path("a")).loadSecret() == secret)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["secret"])
    }

    @Test
    func makesADifferentSecretForEachInstallation() throws {
        let one = try DataDirectory(path: folder.path("a")).loadSecret()
        let other = try DataDirectory(path: folder.path("b")).loadSecret()
        #expect(one != other)
    }

    @Test(arguments: [0, 31, 33])
    func refusesADamagedSecret(length: Int) throws {
        let directory = try DataDirectory(path: folder.path("a"))
        try folder.write(Data(repeating: 1, count: length), to: "a/secret")
        #expect(throws: StartupError.self) { try directory.loadSecret() }
    }

    @Test
    func refusesAFileInPlaceOfTheFolder() throws {
        try folder.write("x", to: "file")
        #expect(throws: StartupError.self) { try DataDirectory(path: folder.path("file")) }
        #expect(throws: StartupError.self) { try DataDirectory(path: folder.path("file/below")) }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
