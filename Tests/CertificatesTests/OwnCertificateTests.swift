import FoundationEssentials
import Networking
import SwiftASN1
import TestSupport
import Testing
@_spi(FixedExpiryValidationTime) import X509

@testable import Certificates

@Suite
struct OwnCertificateTests {
    private let folder: TemporaryFolder
    private let start = Date(timeIntervalSince1970: 1_800_000_000)
    private let day: TimeInterval = 86_400
    private var own: OwnCertificate { OwnCertificate(folder: folder.path("tls")) }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func names(_ addresses: String..., host: String = "box.local") -> MachineNames {
        MachineNames(hosts: [host] + addresses, addresses: [])
    }

    private func root() throws -> Certificate {
        try Certificate(pemEncoded: try #require(try PrivateFile.read(own.rootFile)))
    }

    private func isTrusted(_ certificate: Certificate, for name: String, at time: Date) async throws -> Bool {
        var verifier = Verifier(rootCertificates: CertificateStore([try root()])) {
            RFC5280Policy(fixedExpiryValidationTime: time)
            if let address = IPAddress(name) {
                ServerIdentityPolicy(serverHostname: nil, serverIP: "\(address)")
            } else {
                ServerIdentityPolicy(serverHostname: name, serverIP: nil)
            }
        }
        let result = await verifier.validate(leaf: certificate, intermediates: CertificateStore())
        if case .validCertificate = result { return true }
        return false
    }

    @Test
    func oneIsMadeAtTheFirstStartAndKept() async throws {
        let first = try own.keep(for: names("192.168.1.5", "2001:db8::5"), at: start)
        #expect(first.isNew && first.hasNewRoot)
        for name in ["box.local", "localhost", "127.0.0.1", "192.168.1.5", "2001:db8::5"] {
            #expect(try await isTrusted(first.server.certificate, for: name, at: start), "\(name)")
        }
        for name in ["example.org", "192.168.1.6"] {
            #expect(try await !isTrusted(first.server.certificate, for: name, at: start), "\(name)")
        }
        // A name less is no reason for another one.
        let second = try own.keep(for: names("192.168.1.5"), at: start + day)
        #expect(!second.isNew && !second.hasNewRoot)
        #expect(second.server.certificate == first.server.certificate)
        #expect(first.fingerprint.split(separator: ":").count == 32)
    }

    @Test
    func anotherAddressOfAPrivateNetworkNeedsNoOtherTrust() async throws {
        _ = try own.keep(for: names("192.168.1.5"), at: start)
        let before = try root()
        let moved = try own.keep(for: names("10.0.0.7"), at: start + day)
        #expect(moved.isNew && !moved.hasNewRoot)
        #expect(try root() == before)
        #expect(try await isTrusted(moved.server.certificate, for: "10.0.0.7", at: start + day))
    }

    @Test(arguments: [["203.0.113.9"], ["2001:db8::9"], ["other.local"]])
    func whatTheRootMayNotVouchForNeedsAnotherRoot(more: [String]) async throws {
        _ = try own.keep(for: names("192.168.1.5"), at: start)
        let wider = MachineNames(hosts: ["box.local"] + more, addresses: [])
        let kept = try own.keep(for: wider, at: start + day)
        #expect(kept.isNew && kept.hasNewRoot)
        #expect(try await isTrusted(kept.server.certificate, for: more[0], at: start + day))
    }

    @Test
    func theRootVouchesForNothingElse() async throws {
        _ = try own.keep(for: names("192.168.1.5"), at: start)
        let authority = try #require(LocalAuthority(pem: try PrivateFile.read(own.authorityFile) ?? ""))
        for name in ["example.org", "203.0.113.9", "2001:db8::9"] {
            let stolen = try authority.issue(for: MachineNames(hosts: [name], addresses: []), at: start)
            #expect(try await !isTrusted(stolen.certificate, for: name, at: start), "\(name)")
        }
    }

    @Test
    func twelveYearsOfRenewals() async throws {
        var made = 0
        var roots = 0
        for number in 0..<4380 {
            let now = start + Double(number) * day
            let kept = try own.keep(for: names("192.168.1.5"), at: now)
            made += kept.isNew ? 1 : 0
            roots += kept.hasNewRoot ? 1 : 0
            let certificate = kept.server.certificate
            #expect(certificate.notValidBefore < now && now + 130 * day < certificate.notValidAfter)
            if kept.isNew { #expect(try await isTrusted(certificate, for: "192.168.1.5", at: now)) }
        }
        // Every 264 days, and once more with the second root.
        #expect((16...18).contains(made) && roots == 2)
    }

    @Test
    func clocksThatAreWrongAreGotOver() async throws {
        // A machine without a battery begins in 1970, and is put right after a while.
        let early = Date(timeIntervalSince1970: 100)
        #expect(try own.keep(for: names(), at: early).isNew)
        let right = try own.keep(for: names(), at: start)
        #expect(right.isNew && right.hasNewRoot)
        // Put back, it gets a certificate for now, and the root that people trust stays.
        let back = try own.keep(for: names(), at: start - 30 * day)
        #expect(back.isNew && !back.hasNewRoot)
        #expect(back.server.certificate.notValidBefore < start - 30 * day)
        let again = try own.keep(for: names(), at: start)
        #expect(try await isTrusted(again.server.certificate, for: "box.local", at: start))
        // What no certificate can say is refused in words.
        let failure = #expect(throws: FileProblem.self) {
            try own.keep(for: names(), at: Date(timeIntervalSince1970: 400_000_000_000))
        }
        #expect(failure?.description.contains("clock") == true)
    }

    @Test(arguments: ["server.pem", "root.pem", "root.crt"])
    func damagedFilesAreMadeAnew(file: String) async throws {
        let path = "\(folder.path("tls"))/\(file)"
        _ = try own.keep(for: names(), at: start)
        let whole = try #require(try PrivateFile.read(path))
        let other = try LocalAuthority(for: names(), at: start).pem()
        let texts = ["", "\n", "hush", other + other, whole + whole, whole.replacing("A", with: "!")]
        let cuts = stride(from: 0, to: whole.utf8.count - 1, by: 37).map { String(whole.prefix($0)) }
        for text in texts + cuts {
            try PrivateFile.replace(path, with: text)
            _ = try own.keep(for: names(), at: start)
            let kept = try own.keep(for: names(), at: start)
            #expect(!kept.isNew)
            #expect(try await isTrusted(kept.server.certificate, for: "box.local", at: start), "\(text)")
        }
    }

    @Test
    func aKeyOfAnotherIsNoCertificate() throws {
        let authority = try LocalAuthority(for: names(), at: start)
        let mark = "-----BEGIN PRIVATE KEY-----"
        let parts = try [authority, authority].map { try $0.issue(for: names(), at: start).pem() }
            .map { $0.split(separator: mark) }
        #expect(ServerCertificate(pem: "\(parts[0][0])\(mark)\(parts[0][1])") != nil)
        #expect(ServerCertificate(pem: "\(parts[0][0])\(mark)\(parts[1][1])") == nil)
    }

    @Test
    func whatCanNotBeWrittenIsSaid() throws {
        let blocked = OwnCertificate(folder: folder.path("missing/tls"))
        let failure = #expect(throws: FileProblem.self) { try blocked.keep(for: names(), at: start) }
        #expect(failure?.description.contains("missing/tls") == true)
        try PrivateFile.makeFolder(folder.path("tls"))
        try PrivateFile.replace(own.serverFile, with: String(repeating: "a", count: PrivateFile.maximumLength + 1))
        let tooLong = #expect(throws: FileProblem.self) { try own.keep(for: names(), at: start) }
        #expect(tooLong?.description.contains("server.pem is too long") == true)
    }
}
