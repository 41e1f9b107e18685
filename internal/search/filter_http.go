package search

import (
	"context"
	"net/http"

	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// GetFilters implements StrictServerInterface.
func (h server) GetFilters(ctx context.Context, _ GetFiltersRequestObject) (GetFiltersResponseObject, error) {
	st, ok := site.FromContext(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "site.key_required")
	}
	c, err := h.s.Filters(ctx, st, web.Language(ctx))
	if err != nil {
		return nil, err
	}
	return filtersAnswer{ctx, c}, nil
}

// filtersAnswer writes final bytes.
type filtersAnswer struct {
	ctx context.Context //nolint:containedctx // carries the request's headers to the generated Visit method
	*web.Cached
}

// VisitGetFiltersResponse implements GetFiltersResponseObject.
func (a filtersAnswer) VisitGetFiltersResponse(w http.ResponseWriter) error { return a.Write(a.ctx, w) }
