import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// One choice for everything that a request may get wrong.
struct Trial: Sendable, CustomTestStringConvertible {
    var choices: [String: String]

    subscript(factor: String) -> String { choices[factor] ?? "" }

    var testDescription: String {
        choices.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }
}

/// What a request may get wrong, and what it is answered, in the order in which the RFC has it checked.
struct RequestTable: Sendable {
    /// What is chosen, and what there is to choose from; the first is right.
    let factors: [(name: String, values: [String])]
    /// The first rule that applies gives the error code.
    let rules: [Rule]

    struct Rule: Sendable {
        let code: Int
        let applies: @Sendable (Trial) -> Bool

        init(_ code: Int, _ applies: @escaping @Sendable (Trial) -> Bool) {
            self.code = code
            self.applies = applies
        }

        /// Holds if the factor has one of the values.
        init(_ code: Int, _ factor: String, _ values: String...) {
            self.init(code) { values.contains($0[factor]) }
        }
    }

    /// Everything right, each thing wrong alone, and each two together.
    var trials: [Trial] {
        let right = Trial(choices: Dictionary(uniqueKeysWithValues: factors.map { ($0.name, $0.values[0]) }))
        var trials = [right]
        for (index, factor) in factors.enumerated() {
            for value in factor.values.dropFirst() {
                var one = right
                one.choices[factor.name] = value
                trials.append(one)
                for other in factors[(index + 1)...] {
                    for otherValue in other.values.dropFirst() {
                        var two = one
                        two.choices[other.name] = otherValue
                        trials.append(two)
                    }
                }
            }
        }
        return trials
    }

    /// The code of the answer; `nil` for success.
    func expected(_ trial: Trial) -> Int? {
        rules.first { $0.applies(trial) }?.code
    }

    /// Who sends the request, and attributes that nobody knows: checked first in each method.
    static let common: [(name: String, values: [String])] = [
        ("signature", TestRelay.Signature.allCases.map(\.rawValue)), ("unknown", ["no", "yes"]),
    ]
    static let commonRules = [
        Rule(401, "signature", "missing"), Rule(400, "signature", "withoutNonce"),
        Rule(438, "signature", "withOldNonce"), Rule(401, "signature", "wrong"), Rule(420, "unknown", "yes"),
    ]
}

extension Trial {
    var signature: TestRelay.Signature { TestRelay.Signature(rawValue: self["signature"]) ?? .good }
}

extension STUNMessageWriter {
    /// Appends any bytes as the value of an attribute.
    mutating func append(_ type: AttributeType, _ value: [UInt8]) throws(STUNError) {
        try append(type) { $0.writeBytes(value) }
    }

    /// Appends an attribute that nobody knows, if the trial says so.
    mutating func appendUnknown(_ trial: Trial) throws(STUNError) {
        if trial["unknown"] == "yes" { try append(AttributeType(rawValue: 0x7FFF), [1]) }
    }
}
