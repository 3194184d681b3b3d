import Foundation
import Testing

@testable import LinkUpServer

@Suite
struct TimeOfDayTests {
    @Test(arguments: [
        (-0.0005, -1), (0, 0), (-18_489_600, -18_489_600_000), (2_208_988_800, 2_208_988_800_000),
        (4_417_977_600, 4_417_977_600_000), (1e300, Int64.max), (-1e300, Int64.min),
    ])
    func everyDateHasATime(seconds: Double, milliseconds: Int64) {
        #expect(TimeOfDay.milliseconds(Date(timeIntervalSince1970: seconds)) == milliseconds)
    }
}
