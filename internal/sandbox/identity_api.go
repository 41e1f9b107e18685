package sandbox

func identityAPIs() []api { return nil }

// identityState is the part of the state that accounts and sub-accounts keep.
type identityState struct{}

func newIdentityState() identityState { return identityState{} }

// identityEntry is the journal's part of it.
type identityEntry struct{}

func (s *Server) saveIdentities(func(entry)) {}

func (s *Server) replayIdentities(*identityEntry) {}
