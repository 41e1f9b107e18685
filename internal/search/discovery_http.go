package search

import (
	"context"
	"net/http"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// listed is an answer in its final bytes, for the generated handlers.
type listed struct {
	ctx    context.Context
	answer *web.Cached
}

// lists makes the answer of a handler, or its error.
func lists(ctx context.Context, answer *web.Cached, err error) (listed, error) {
	return listed{ctx, answer}, err
}

// VisitSearchShopResponse writes the answer; so do the next ones.
func (l listed) VisitSearchShopResponse(w http.ResponseWriter) error { return l.answer.Write(l.ctx, w) }

// VisitListRelatedResponse implements ListRelatedResponseObject.
func (l listed) VisitListRelatedResponse(w http.ResponseWriter) error {
	return l.answer.Write(l.ctx, w)
}

// VisitListRecommendationsResponse implements ListRecommendationsResponseObject.
func (l listed) VisitListRecommendationsResponse(w http.ResponseWriter) error {
	return l.answer.PerMember().Write(l.ctx, w)
}

// VisitListHotKeywordsResponse implements ListHotKeywordsResponseObject.
func (l listed) VisitListHotKeywordsResponse(w http.ResponseWriter) error {
	return l.answer.Write(l.ctx, w)
}

// VisitListRankingsResponse implements ListRankingsResponseObject.
func (l listed) VisitListRankingsResponse(w http.ResponseWriter) error {
	return l.answer.Write(l.ctx, w)
}

// VisitListCategoriesResponse implements ListCategoriesResponseObject.
func (l listed) VisitListCategoriesResponse(w http.ResponseWriter) error {
	return l.answer.Write(l.ctx, w)
}

// VisitGetCategoryResponse implements GetCategoryResponseObject.
func (l listed) VisitGetCategoryResponse(w http.ResponseWriter) error {
	return l.answer.Write(l.ctx, w)
}

// ListRelated implements StrictServerInterface.
func (h server) ListRelated(ctx context.Context, r ListRelatedRequestObject) (ListRelatedResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idAt("/path/offerId", r.OfferId)
	if err != nil {
		return nil, err
	}
	answer, err := h.s.Related(ctx, st, lang, id, given(r.Params.BeginPage, 1), given(r.Params.PageSize, 10))
	return lists(ctx, answer, err)
}

// ListRecommendations implements StrictServerInterface.
func (h server) ListRecommendations(ctx context.Context, r ListRecommendationsRequestObject) (ListRecommendationsResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := h.s.Recommended(ctx, st, lang, outMember(ctx), given(r.Params.BeginPage, 1), given(r.Params.PageSize, 20))
	return lists(ctx, answer, err)
}

// ListHotKeywords implements StrictServerInterface.
func (h server) ListHotKeywords(ctx context.Context, r ListHotKeywordsRequestObject) (ListHotKeywordsResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idAt("/query/categoryId", r.Params.CategoryId)
	if err != nil {
		return nil, err
	}
	answer, err := h.s.HotKeywords(ctx, st, lang, id)
	return lists(ctx, answer, err)
}

// ListRankings implements StrictServerInterface.
func (h server) ListRankings(ctx context.Context, r ListRankingsRequestObject) (ListRankingsResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idAt("/query/categoryId", r.Params.CategoryId)
	if err != nil {
		return nil, err
	}
	answer, err := h.s.Ranking(ctx, st, lang, id, string(given(r.Params.Type, Hot)), given(r.Params.Limit, 20))
	return lists(ctx, answer, err)
}

// place is the site and language of a request.
func place(ctx context.Context) (*site.Site, string, error) {
	st, ok := site.FromContext(ctx)
	if !ok {
		return nil, "", errs.New(errs.Unauthenticated, "site.key_required")
	}
	return st, web.Language(ctx), nil
}

// outMember is the id 1688 knows the signed-in member by, "" when nobody is.
func outMember(ctx context.Context) string {
	m, _ := auth.Member(ctx)
	return m.OutMemberID
}

// idAt reads an id the contract has checked already.
func idAt(pointer, text string) (int64, error) {
	id, err := web.ParseID(text)
	if err != nil {
		return 0, errs.New(errs.Invalid, "request.invalid").At(pointer, "field.format")
	}
	return id, nil
}

func given[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}
