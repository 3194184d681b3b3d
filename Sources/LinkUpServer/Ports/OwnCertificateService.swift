import Certificates
import FoundationEssentials
import Hummingbird
import Logging
import ServiceLifecycle

/// What people are told of a certificate that LinkUp has made itself.
public struct OwnCertificateAddress: Sendable, Equatable {
    /// Its SHA-256, as browsers show it.
    public var fingerprint: String
    /// The file of the root that has signed it.
    public var rootFile: String
}

extension OwnCertificate {
    /// The root, which is no secret, as browsers and phones install it.
    func rootResponse() throws -> Response {
        let text = try PrivateFile.read(rootFile) ?? ""
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-x509-ca-cert", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"linkup-root.crt\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}

/// Looks after an ``OwnCertificate`` while the server runs.
struct OwnCertificateService: Service {
    /// How soon another address of the machine is noticed: a laptop that comes into another network is asked for at once,
    /// and whoever came too early tries again.
    static let interval = Duration.seconds(10)

    /// What it looks after.
    let certificate: OwnCertificate
    /// What the machine is called now.
    let names: @Sendable () -> MachineNames
    /// Where new certificates are noted.
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: (names: MachineNames, hour: Int)?
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                let (names, now) = (names(), Date())
                // The files are looked at once an hour, and when something has changed.
                let hour = Int((now.timeIntervalSince1970 / 3600).rounded(.down))
                if let last, last == (names, hour) { continue }
                last = (names, hour)
                check(names, at: now)
            }
        }
    }

    private func check(_ names: MachineNames, at now: Date) {
        do {
            let kept = try certificate.keep(for: names, at: now)
            guard kept.isNew else { return }
            logger.notice(
                "There is a new certificate\(kept.hasNewRoot ? " and a new root, which browsers have to be told of" : "")",
                metadata: ["sha256": "\(kept.fingerprint)"]
            )
        } catch {
            logger.error("The certificate could not be renewed", metadata: ["error": "\(error)"])
        }
    }
}
