import FoundationEssentials
import Testing

@testable import SocketIO

@Suite struct JavaScriptDateTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (1, "1970-01-01T00:00:00.001Z"),
        (1_700_000_000_001, "2023-11-14T22:13:20.001Z"), (951_782_400_999, "2000-02-29T00:00:00.999Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (4_107_456_000_000, "2100-02-28T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-11_676_096_000_000, "1600-01-01T00:00:00.000Z"),
    ])
    func writesMilliseconds(milliseconds: Int64, text: String) throws {
        #expect(JavaScriptDate.string(milliseconds: milliseconds) == text)
        let date = try JavaScriptDate.date(text)
        #expect(JavaScriptDate.string(date) == text)
    }

    @Test func theFirstYearIsGregorian() {
        #expect(JavaScriptDate.string(milliseconds: -62_135_596_800_000) == "0001-01-01T00:00:00.000Z")
    }

    /// The format of Foundation cuts off the fraction of a millisecond that most dates lack as a `Double`.
    @Test func losesNoMillisecond() {
        for milliseconds in Int64(1_700_000_000_000)..<1_700_000_001_000 {
            let text = JavaScriptDate.string(Date(timeIntervalSince1970: Double(milliseconds) / 1000)) ?? ""
            #expect(text.suffix(4) == "\(milliseconds % 1000 + 1000)".suffix(3) + "Z")
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, 253_402_300_800, -62_135_596_801])
    func writesNothingElse(seconds: Double) {
        #expect(JavaScriptDate.string(Date(timeIntervalSince1970: seconds)) == nil)
    }

    @Test(arguments: [Int64.min, .max, 253_402_300_800_000, -62_135_596_800_001])
    func writesFourDigitYearsOnly(milliseconds: Int64) {
        #expect(JavaScriptDate.string(milliseconds: milliseconds) == nil)
    }
}
