#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Runs libFuzzer on the decoder that the first argument names; the others are libFuzzer's.
@main
struct Fuzz {
    /// What libFuzzer's callback, a C function without context, passes its input to; set once, before libFuzzer runs.
    nonisolated(unsafe) fileprivate static var selected = FuzzTarget.requestTarget

    static func main() {
        guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
            print("Usage: Fuzz TARGET [libFuzzer's arguments]\nTargets: \(names)")
            exit(64)
        }
        selected = target
        // libFuzzer takes the program's name first.
        exit(run([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)))
    }

    private static func run(_ arguments: [String]) -> Int32 {
        // libFuzzer keeps them for as long as it runs.
        var vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { vector?[index] = strdup(argument) }
        vector?[arguments.count] = nil
        var count = Int32(arguments.count)
        return runLibFuzzer(&count, &vector, runSelected)
    }
}

/// Has the name of libFuzzer's own callback, without which its library does not link.
@_cdecl("LLVMFuzzerTestOneInput")
func runSelected(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    Fuzz.selected.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}

/// libFuzzer's own loop, for programs with a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ argumentVector: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
