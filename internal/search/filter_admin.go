package search

import (
	"context"
	"net/http"
	"strings"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// shownVersions is how many earlier versions staff are shown.
const shownVersions = 50

// AdminGetFilters implements StrictServerInterface.
func (h server) AdminGetFilters(c context.Context, r AdminGetFiltersRequestObject) (AdminGetFiltersResponseObject, error) {
	ctx, _, err := asStaff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	st, err := h.s.filterSite(r.Site)
	if err != nil {
		return nil, err
	}
	return h.s.filterVersions(ctx, st, web.Language(c))
}

// AdminPublishFilters implements StrictServerInterface.
func (h server) AdminPublishFilters(c context.Context, r AdminPublishFiltersRequestObject) (AdminPublishFiltersResponseObject, error) {
	ctx, change, st, err := h.s.filterChange(c, r.Site, r.Params.IfMatch, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	if err := checkFilters(r.Body.Groups, h.s.bundle.Languages()); err != nil {
		return nil, err
	}
	change.groups = r.Body.Groups
	return h.s.changedFilters(ctx, st, web.Language(c), change)
}

// AdminRollbackFilters implements StrictServerInterface.
func (h server) AdminRollbackFilters(c context.Context, r AdminRollbackFiltersRequestObject) (AdminRollbackFiltersResponseObject, error) {
	ctx, change, st, err := h.s.filterChange(c, r.Site, r.Params.IfMatch, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	change.version = r.Body.Version
	return h.s.changedFilters(ctx, st, web.Language(c), change)
}

func (s *Service) filterSite(code string) (*site.Site, error) {
	st, ok := s.sites.ByCode(code)
	if !ok {
		return nil, errs.New(errs.NotFound, "site.unknown").At("/path/site", "site.unknown")
	}
	return st, nil
}

// filterChange reads what both ways of changing have in common.
func (s *Service) filterChange(c context.Context, code string, ifMatch *string, reason string) (context.Context, filterChange, *site.Site, error) {
	ctx, who, err := asStaff(c, mayPublish...)
	if err != nil {
		return nil, filterChange{}, nil, err
	}
	st, err := s.filterSite(code)
	if err != nil {
		return nil, filterChange{}, nil, err
	}
	matches, err := ifMatches(ifMatch)
	if err != nil {
		return nil, filterChange{}, nil, err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return nil, filterChange{}, nil, errs.New(errs.Invalid, "request.invalid").At("/reason", "field.required")
	}
	return ctx, filterChange{site: st.Code, who: who, matches: matches, reason: reason}, st, nil
}

// ifMatches reads an If-Match header: one ETag, a list, or * for whatever is there. A proxy may have made a tag weak.
func ifMatches(header *string) (func(etag string) bool, error) {
	const pointer = "/header/If-Match"
	if header == nil || strings.TrimSpace(*header) == "" {
		return nil, errs.New(errs.Unconditional, "filter.if_match_required").At(pointer, "filter.if_match_required")
	}
	tags := map[string]bool{}
	for tag := range strings.SplitSeq(*header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if quoted := len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"'; !quoted && tag != "*" {
			return nil, errs.New(errs.Invalid, "request.invalid").At(pointer, "filter.if_match_invalid")
		}
		tags[tag] = true
	}
	return func(etag string) bool { return tags["*"] || tags[etag] }, nil
}

func (s *Service) changedFilters(ctx context.Context, st *site.Site, lang string, change filterChange) (*filterAnswer, error) {
	if err := s.changeFilters(ctx, change); err != nil {
		return nil, err
	}
	s.changed(ctx)
	return s.filterVersions(ctx, st, lang)
}

// filterVersions is what staff see of a site's configuration; the preview is what shoppers see, in lang.
func (s *Service) filterVersions(ctx context.Context, st *site.Site, lang string) (*filterAnswer, error) {
	at, err := s.store.setting(ctx, st.Code)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.filterVersions(ctx, st.Code, shownVersions)
	if err != nil {
		return nil, err
	}
	out := &filterAnswer{etag: at.etag(), view: FilterVersions{Site: st.Code, Version: at.FilterVersion, Versions: []FilterVersion{}}}
	for _, row := range rows {
		groups, err := row.groups()
		if err != nil {
			return nil, err
		}
		out.view.Versions = append(out.view.Versions, FilterVersion{
			Version: row.Version, Reason: row.Reason, PublishedBy: row.Staff, PublishedAt: row.CreatedAt.UTC(), Groups: groups,
		})
	}
	own, err := s.store.ownFilters(ctx, at)
	if err != nil {
		return nil, err
	}
	view := func() Filters { return ownView(own, lang) }
	if own == nil {
		_, view = s.filters(ctx, st, lang)
	}
	out.view.Preview = view()
	return out, nil
}

// filterAnswer is a configuration with its ETag.
type filterAnswer struct {
	view FilterVersions
	etag string
}

func (a *filterAnswer) head(w http.ResponseWriter) {
	w.Header().Set("ETag", a.etag)
	w.Header().Set("Cache-Control", "no-store")
}

// VisitAdminGetFiltersResponse implements AdminGetFiltersResponseObject.
func (a *filterAnswer) VisitAdminGetFiltersResponse(w http.ResponseWriter) error {
	a.head(w)
	return AdminGetFilters200JSONResponse(a.view).VisitAdminGetFiltersResponse(w)
}

// VisitAdminPublishFiltersResponse implements AdminPublishFiltersResponseObject.
func (a *filterAnswer) VisitAdminPublishFiltersResponse(w http.ResponseWriter) error {
	a.head(w)
	return AdminPublishFilters200JSONResponse(a.view).VisitAdminPublishFiltersResponse(w)
}

// VisitAdminRollbackFiltersResponse implements AdminRollbackFiltersResponseObject.
func (a *filterAnswer) VisitAdminRollbackFiltersResponse(w http.ResponseWriter) error {
	a.head(w)
	return AdminRollbackFilters200JSONResponse(a.view).VisitAdminRollbackFiltersResponse(w)
}
