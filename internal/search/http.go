package search

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"github.com/gin-gonic/gin"
)

// Routes registers the catalogue's routes. Search and product answers are final bytes, so they are written in front
// of the generated binding.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	if err := web.ShortcutQuery(srv, "searchProducts", parseSearch, s.serveSearch); err != nil {
		return err
	}
	return srv.Shortcut("getProduct", s.serveProduct)
}

// askedSearch is a search in its one spelling, with its part of the cache key.
type askedSearch struct {
	Query
	key     string
	foreign bool // holds filters beyond the built-in ones, which only the site can judge; not in its one spelling yet
}

// parseSearch reads a query that the contract has checked.
func parseSearch(q url.Values) (askedSearch, error) {
	query := Query{
		Keyword: q.Get("keyword"), Filter: q.Get("filter"), Sort: q.Get("sort"), PriceStart: q.Get("priceStart"), PriceEnd: q.Get("priceEnd"),
		Page: number(q.Get("beginPage"), 1), PageSize: number(q.Get("pageSize"), 20),
	}
	query.CategoryID, _ = strconv.ParseInt(q.Get("categoryId"), 10, 64) // the contract has checked it
	plain, err := query.normalise()
	if onlyFilter(err) {
		return askedSearch{Query: query, foreign: true}, nil
	}
	return askedSearch{Query: plain, key: plain.key()}, err
}

// onlyFilter reports that nothing but the filters is wrong with a query.
func onlyFilter(err error) bool {
	var e *errs.Error
	return errors.As(err, &e) && len(e.Fields) == 1 && e.Fields[0].Key == "search.filter_unknown"
}

func (s *Service) serveSearch(c *gin.Context, q askedSearch) bool {
	st, _ := site.FromContext(c)
	ask := s.searchFor
	if q.foreign {
		ask = func(ctx context.Context, st *site.Site, lang string, q askedSearch) (*web.Cached, error) {
			return s.Search(ctx, st, lang, q.Query)
		}
	}
	page, err := ask(c, st, web.Language(c), q)
	return write(c, page, err)
}

func (s *Service) serveProduct(c *gin.Context) bool {
	st, _ := site.FromContext(c)
	id, err := web.ParseID(c.Param("offerId"))
	if err != nil {
		web.Render(c, atOffer(errs.New(errs.NotFound, "product.not_found")))
		return true
	}
	if text := c.Query("quantity"); text != "" {
		product, err := s.ProductFor(c, st, web.Language(c), id, int64(number(text, 1))) // the contract has checked it
		return write(c, product, err)
	}
	product, err := s.Product(c, st, web.Language(c), id)
	return write(c, product, err)
}

func write(c *gin.Context, answer *web.Cached, err error) bool {
	if err != nil {
		web.Render(c, err)
		return true
	}
	answer.Serve(c)
	return true
}

// number reads a parameter the contract has checked already.
func number(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return otherwise
	}
	return n
}

type server struct{ s *Service }

// GetSite implements StrictServerInterface.
func (h server) GetSite(ctx context.Context, _ GetSiteRequestObject) (GetSiteResponseObject, error) {
	st, ok := site.FromContext(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "site.key_required")
	}
	view := GetSite200JSONResponse{
		Code: st.Code, Country: st.CountryName, Area: st.Area, Currency: st.Currency.Code, Exponent: st.Currency.Exponent,
		Language: st.Language, Languages: st.Languages, TimeZone: st.TimeZone.String(), Features: ptr(h.s.features(st)),
	}
	view.Limits = &struct {
		MaxLines    int `json:"maxLines"`
		MaxPageSize int `json:"maxPageSize"`
		MaxQuantity int `json:"maxQuantity"`
	}{MaxLines: 200, MaxPageSize: MaxPageSize, MaxQuantity: 1_000_000}
	return view, nil
}

// SearchProducts is answered by serveSearch before the generated binding; this serves callers of the strict interface.
func (h server) SearchProducts(ctx context.Context, r SearchProductsRequestObject) (SearchProductsResponseObject, error) {
	return nil, errs.New(errs.Internal, "internal.error")
}

// GetProduct is answered by serveProduct; see SearchProducts.
func (h server) GetProduct(ctx context.Context, r GetProductRequestObject) (GetProductResponseObject, error) {
	return nil, errs.New(errs.Internal, "internal.error")
}
