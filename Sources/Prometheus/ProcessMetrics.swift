#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a process takes of its machine, by the names that Prometheus' own clients have for it.
package enum ProcessMetrics {
    /// Reads it; what the system does not tell is left out.
    package static func samples() -> [MetricSample] {
        var samples: [MetricSample] = []
        var usage = rusage()
        if getrusage(Self.ourselves, &usage) == 0 {
            let seconds =
                Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
            samples.append(.init("process_cpu_seconds", .counter, dimensions: [], value: seconds))
        }
        if let pages = residentPages() {
            samples.append(.init("process_resident_memory_bytes", .gauge, value: pages * sysconf(Int32(_SC_PAGESIZE))))
        }
        return samples
    }

    #if canImport(Glibc)
    private static let ourselves = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
    private static let ourselves = RUSAGE_SELF
    #endif

    /// The second number of `/proc/self/statm`.
    private static func residentPages() -> Int? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) : nil
    }
}
