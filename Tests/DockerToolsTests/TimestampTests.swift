import ByteIO
import Errors
import Testing

@testable import DockerTools

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
        ("1970-01-01T00:00:01Z", 1, 0, "1970-01-01T00:00:01Z"),
        ("1970-01-01t01:00:01z", 3601, 0, "1970-01-01T01:00:01Z"),
        ("1970-01-01 00:00:01Z", 1, 0, "1970-01-01T00:00:01Z"),
        ("1970-01-01T01:00:01+01:00", 1, 0, "1970-01-01T00:00:01Z"),
        ("1969-12-31T19:30:01-04:30", 1, 0, "1970-01-01T00:00:01Z"),
        ("1970-01-01T00:00:01-00:00", 1, 0, "1970-01-01T00:00:01Z"),
        ("2000-02-29T12:00:00Z", 951_825_600, 0, "2000-02-29T12:00:00Z"),
        ("2024-02-29T23:59:59.5Z", 1_709_251_199, 500_000_000, "2024-02-29T23:59:59.5Z"),
        ("2038-01-19T03:14:08.000000001Z", 2_147_483_648, 1, "2038-01-19T03:14:08.000000001Z"),
        ("2001-09-09T01:46:40.1234567899Z", 1_000_000_000, 123_456_789, "2001-09-09T01:46:40.123456789Z"),
        ("1969-12-31T23:59:59.250Z", -1, 250_000_000, "1969-12-31T23:59:59.25Z"),
        ("1900-03-01T00:00:00Z", -2_203_891_200, 0, "1900-03-01T00:00:00Z"),
        ("0000-01-01T00:00:00Z", -62_167_219_200, 0, "0000-01-01T00:00:00Z"),
        ("0000-02-29T00:00:00Z", -62_162_121_600, 0, "0000-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0, "9999-12-31T23:59:59Z"),
    ])
    func timesAreReadAndWritten(text: String, seconds: Int64, nanoseconds: Int32, written: String) {
        let time = Timestamp(text)
        #expect(time?.seconds == seconds)
        #expect(time?.nanoseconds == nanoseconds)
        #expect(time?.description == written)
    }

    @Test(arguments: [
        "", "now", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00Z", "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2024-04-31T00:00:00Z", "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00ZZ", " 2024-01-01T00:00:00Z",
        "24-01-01T00:00:00Z", "2024-1-01T00:00:00Z", "+024-01-01T00:00:00Z", "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01", "٢٠٢٤-01-01T00:00:00Z",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func everyDayOfEightHundredYearsComesBack() throws {
        var last: CivilDate?
        for day in Int64(-200_000)...92_194 {
            let date = CivilDate(daysSinceEpoch: day)
            #expect(date.daysSinceEpoch == day)
            #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
            #expect(date != last)
            last = date
        }
    }

    @Test func partsOutOfRangeAreRefused() {
        #expect(Timestamp(seconds: 253_402_300_800) == nil)
        #expect(Timestamp(seconds: -62_167_219_201) == nil)
        #expect(Timestamp(seconds: 0, nanoseconds: 1_000_000_000) == nil)
        #expect(Timestamp(seconds: 0, nanoseconds: -1) == nil)
    }

    @Test func nowIsLaterThanTheSourceOfThisTest() {
        #expect(Timestamp.now().seconds > 1_700_000_000)
    }

    @Test func defaultTimeIsOneSecondAfterTheEpochOrAsTheEnvironmentSays() throws {
        #expect(try Timestamp.defaultTime(environment: [:]).description == "1970-01-01T00:00:01Z")
        #expect(try Timestamp.defaultTime(environment: ["SOURCE_DATE_EPOCH": "0"]).seconds == 0)
        #expect(
            try Timestamp.defaultTime(environment: ["SOURCE_DATE_EPOCH": "1700000000"]).description
                == "2023-11-14T22:13:20Z")
    }

    @Test(arguments: ["", "-1", "+1", "1.5", "now", " 1", "253402300800", "99999999999999999999"])
    func badSourceDateEpochIsRefused(text: String) {
        #expect(
            throws: ToolError(
                .data, "cannot use the environment variable SOURCE_DATE_EPOCH",
                cause: "it is \"\(text)\", expected a whole number of seconds since 1970, at most 253402300799",
                remedy: "set it to a number as `date +%s` prints it, or unset it")
        ) { try Timestamp.defaultTime(environment: ["SOURCE_DATE_EPOCH": text]) }
    }
}
