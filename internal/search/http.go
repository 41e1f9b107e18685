package search

import (
	"context"
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
	if err := srv.Shortcut("searchProducts", s.serveSearch); err != nil {
		return err
	}
	return srv.Shortcut("getProduct", s.serveProduct)
}

func (s *Service) serveSearch(c *gin.Context) bool {
	st, _ := site.FromContext(c)
	q := c.Request.URL.Query()
	query := Query{
		Keyword: q.Get("keyword"), Filter: q.Get("filter"), Sort: q.Get("sort"), PriceStart: q.Get("priceStart"), PriceEnd: q.Get("priceEnd"),
		Page: number(q.Get("beginPage"), 1), PageSize: number(q.Get("pageSize"), 20),
	}
	query.CategoryID, _ = strconv.ParseInt(q.Get("categoryId"), 10, 64) // the contract has checked it
	page, err := s.Search(c, st, web.Language(c), query)
	return write(c, page, err)
}

func (s *Service) serveProduct(c *gin.Context) bool {
	st, _ := site.FromContext(c)
	id, err := web.ParseID(c.Param("offerId"))
	if err != nil {
		web.Render(c, errs.New(errs.NotFound, "product.not_found"))
		return true
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
		Language: st.Language, Languages: st.Languages, TimeZone: st.TimeZone.String(),
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
