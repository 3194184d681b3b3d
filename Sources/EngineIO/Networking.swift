// Whoever imports EngineIO has the addresses that its configuration speaks of.
@_exported public import Networking
