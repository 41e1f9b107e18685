package sandbox

// fundState is the part of the state that payments keep.
type fundState struct{}

func newFundState() fundState { return fundState{} }

// fundEntry is the journal's part of it.
type fundEntry struct{}

func (s *Server) saveFunds(func(entry)) {}

func (s *Server) replayFunds(*fundEntry) {}
