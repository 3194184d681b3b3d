import Testing

@testable import EngineIO

@Suite struct PerMessageDeflateTests {
    private static let takeover = PerMessageDeflate(serverContextTakeover: true, clientContextTakeover: true)

    @Test(
        arguments: [
            (PerMessageDeflate(), "permessage-deflate", noContext),
            (takeover, "permessage-deflate", "permessage-deflate"),
            (takeover, "PerMessage-Deflate", "permessage-deflate"),
            (takeover, " permessage-deflate ; client_max_window_bits\t", "permessage-deflate"),
            (
                takeover, "permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover"
            ),
            (
                takeover, "permessage-deflate; client_no_context_takeover",
                "permessage-deflate; client_no_context_takeover"
            ),
            (takeover, "permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
            (
                takeover, #"permessage-deflate; server_max_window_bits="1\0""#,
                "permessage-deflate; server_max_window_bits=10"
            ),
            (takeover, "permessage-deflate; server_max_window_bits=15", "permessage-deflate"),
            (takeover, "permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"),
            (takeover, "x-other; a=b, permessage-deflate", "permessage-deflate"),
            // The second offer is taken when the first can't be met.
            (takeover, "permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"),
            (
                PerMessageDeflate(
                    serverContextTakeover: true,
                    clientContextTakeover: true,
                    serverMaxWindowBits: 12,
                    clientMaxWindowBits: 11
                ),
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11"
            ),
            (
                PerMessageDeflate(clientContextTakeover: true, clientMaxWindowBits: 11),
                "permessage-deflate",
                "permessage-deflate; server_no_context_takeover"
            ),
        ] as [(PerMessageDeflate, String, String)]
    )
    func accepts(configuration: PerMessageDeflate, offer: String, response: String) {
        #expect(configuration.accept([offer])?.response == response)
    }

    private static let noContext = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    @Test(arguments: [
        "", ";", ",", "x-webkit-deflate-frame", "permessage-deflate,", "permessage-deflate;",
        "permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09", "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=\"10",
        "permessage-deflate; client_max_window_bits=\"10\\", "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10", "permessage-deflate x", "é",
    ])
    func declines(offer: String) {
        #expect(Self.takeover.accept([offer]) == nil)
    }

    @Test func looksAtEveryField() {
        #expect(Self.takeover.accept(["\"broken", "x-other", "permessage-deflate"])?.response == "permessage-deflate")
        #expect(Self.takeover.accept([]) == nil)
    }

    @Test func agreesOnTheSmallerWindow() {
        let configuration = PerMessageDeflate(serverMaxWindowBits: 10, clientMaxWindowBits: 10)
        let agreement = configuration.accept(["permessage-deflate; server_max_window_bits=12; client_max_window_bits=9"]
        )
        #expect(agreement?.serverMaxWindowBits == 10)
        #expect(agreement?.clientMaxWindowBits == 9)
    }
}
