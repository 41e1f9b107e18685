package sandbox

// followState is the part of the state that followed products keep.
type followState struct{}

func newFollowState() followState { return followState{} }

// followEntry is the journal's part of it.
type followEntry struct{}

func (s *Server) saveFollows(func(entry)) {}

func (s *Server) replayFollows(*followEntry) {}
