import Glibc
import Listening
import Testing

@Suite
struct DescriptorReserveTests {
    @Test(arguments: [(24, 6), (256, 64), (511, 127), (512, 128), (1024, 128), (1_048_576, 128)])
    func aQuarterIsKeptUpTo128(limit: Int, count: Int) {
        #expect(DescriptorReserve(limit: limit).count == count)
    }

    @Test
    func theReserveBeginsAtItsEdge() {
        let reserve = DescriptorReserve(limit: 256)
        #expect(reserve.admits(191))
        #expect(!reserve.admits(192))
    }

    /// A copy is judged by its own number, and not left open when it is refused.
    @Test
    func copiesCount() throws {
        let original = try #require(DescriptorReserve.current.duplicate(0))
        defer { close(original) }
        #expect(original > 0)
        #expect(DescriptorReserve(limit: 1).duplicate(original) == nil)
        #expect(DescriptorReserve.current.duplicate(-1) == nil)
    }

    @Test
    func thisProcessHasDescriptorsToSpare() {
        #expect(DescriptorReserve.current.isSpare)
        #expect(!DescriptorReserve(limit: 1).isSpare)
    }
}
