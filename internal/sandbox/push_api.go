package sandbox

import (
	"maps"
	"slices"
)

func pushAPIs() []api { return nil }

// platformState is the part of the state that the open platform itself keeps.
type platformState struct {
	ownApps map[string]App    // added by the control API, by key
	grants  map[string]*grant // tokens and codes, by their text
	handed  int               // how many of them there ever were
}

func newPlatformState() platformState {
	return platformState{ownApps: map[string]App{}, grants: map[string]*grant{}}
}

// platformEntry is the journal's part of it.
type platformEntry struct {
	Apps   []App    `json:"apps,omitempty"`
	Grants []*grant `json:"grants,omitempty"`
}

func (s *Server) savePlatform(put func(entry)) {
	apps := []App{}
	for _, k := range s.appKeys {
		if a, ok := s.ownApps[k]; ok {
			apps = append(apps, a)
		}
	}
	put(entry{platformEntry: platformEntry{Apps: apps, Grants: slices.Collect(maps.Values(s.grants))}})
}

func (s *Server) replayPlatform(e *platformEntry) {
	for _, a := range e.Apps {
		s.ownApps[a.Key] = a
		s.keepApp(a)
	}
	for _, g := range e.Grants {
		s.keepGrant(g)
	}
}
