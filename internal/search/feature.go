package search

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// deniedFor is how long a feature stays hidden after 1688 said that this app may not use it. Then one request tries again.
const deniedFor = 10 * time.Minute

// denied remembers which optional features 1688 does not give this app: feature -> until when, unix ms. The rights are the
// app's, so they are the same on all sites.
type denied map[string]*atomic.Int64

func newDenied() denied {
	d := denied{}
	for _, feature := range site.Features {
		d[feature] = &atomic.Int64{}
	}
	return d
}

// features lists what a site offers now.
func (s *Service) features(st *site.Site) []string {
	out := []string{}
	for _, feature := range site.Features {
		if s.offered(st, feature) == nil {
			out = append(out, feature)
		}
	}
	return out
}

// offered refuses a feature the site does without, and one 1688 has lately denied.
func (s *Service) offered(st *site.Site, feature string) error {
	if !st.Has(feature) || s.now().UnixMilli() < s.denied[feature].Load() {
		return errs.New(errs.NotFound, "feature.unavailable")
	}
	return nil
}

// fromFeature translates a failed read of an optional feature: without the right, or without the API, there is no such
// feature; missing is the answer when what was asked about does not exist.
func (s *Service) fromFeature(feature string, err error, missing *errs.Error) error {
	if !notAllowed(err) {
		return fromRead(err, missing)
	}
	s.denied[feature].Store(s.now().Add(deniedFor).UnixMilli())
	s.log.Warn("1688 does not give this app a feature; it is hidden for a while", "feature", feature, "error", err)
	return errs.New(errs.NotFound, "feature.unavailable").Because(err)
}

// fromRead is FromUpstream with an answer for what does not exist.
func fromRead(err error, missing *errs.Error) error {
	if nothingThere(err) {
		return missing.Because(err)
	}
	return FromUpstream(err)
}

// notAllowed reports that the app lacks the permission, or that 1688 does not have the API (any more).
func notAllowed(err error) bool {
	var e *alibaba.Error
	return errors.As(err, &e) && (e.Code == "gw.APIACLDecline" || e.Code == "gw.APIUnsupported")
}

// nothingThere reports a refusal that means "there is no such thing". 1688 does not document its codes for it; they read
// like OFFER_NOT_EXIST.
func nothingThere(err error) bool {
	var e *alibaba.Error
	if !errors.As(err, &e) || e.Class != alibaba.Rejected {
		return false
	}
	code := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToUpper(e.Code))
	return code == "404" || strings.Contains(code, "NOTEXIST") || strings.Contains(code, "NOTFOUND")
}
