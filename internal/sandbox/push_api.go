package sandbox

func pushAPIs() []api { return nil }

// platformState is the part of the state that the open platform itself keep.
type platformState struct{}

func newPlatformState() platformState { return platformState{} }

// platformEntry is the journal's part of it.
type platformEntry struct{}

func (s *Server) savePlatform(func(entry)) {}

func (s *Server) replayPlatform(*platformEntry) {}
