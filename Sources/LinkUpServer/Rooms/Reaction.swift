/// What a member can show the others for a moment, without a word: a few things, so that each client has a picture and a
/// name for all of them.
enum Reaction: String, Codable, CaseIterable, Sendable {
    case yes
    case no
    case applause
    case heart
    case laugh
    case wow
    case sad
    case party
}
