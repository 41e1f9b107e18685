package order

import (
	"context"
	"net/http"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// cartCaller is whose cart a request is about; the contract lets nobody in without a site.
func cartCaller(c context.Context, token *CartToken) (context.Context, shopper, error) {
	st, known := site.FromContext(c)
	if !known {
		return nil, shopper{}, errs.New(errs.Unauthenticated, "auth.required")
	}
	sh := shopper{site: st, lang: web.Language(c)}
	if who, ok := auth.Member(c); ok {
		sh.memberID = who.ID
	}
	if token != nil {
		sh.token = *token
	}
	return web.Context(c), sh, nil
}

func cartItemID(s string) (int64, error) {
	id, err := web.ParseID(s)
	if err != nil {
		return 0, noCartItem()
	}
	return id, nil
}

// cartAnswer is a cart as an answer that nobody keeps: it is one person's.
type cartAnswer struct{ web.Answer }

// VisitGetCartResponse implements GetCartResponseObject.
func (a cartAnswer) VisitGetCartResponse(w http.ResponseWriter) error { return a.Write(w) }

// VisitAddCartItemResponse implements AddCartItemResponseObject.
func (a cartAnswer) VisitAddCartItemResponse(w http.ResponseWriter) error { return a.Write(w) }

// VisitChangeCartItemResponse implements ChangeCartItemResponseObject.
func (a cartAnswer) VisitChangeCartItemResponse(w http.ResponseWriter) error { return a.Write(w) }

func (h server) cartAnswer(sh shopper, status int, c *liveCart) (cartAnswer, error) {
	answer, err := web.JSONAnswer(status, h.s.viewer(sh.lang, sh.site).cart(c), 0)
	return cartAnswer{answer}, err
}

// GetCart implements StrictServerInterface.
func (h server) GetCart(c context.Context, r GetCartRequestObject) (GetCartResponseObject, error) {
	ctx, sh, err := cartCaller(c, r.Params.XCartToken)
	if err != nil {
		return nil, err
	}
	cart, err := h.s.Cart(ctx, sh)
	if err != nil {
		return nil, err
	}
	return h.cartAnswer(sh, http.StatusOK, cart)
}

// EmptyCart implements StrictServerInterface.
func (h server) EmptyCart(c context.Context, r EmptyCartRequestObject) (EmptyCartResponseObject, error) {
	ctx, sh, err := cartCaller(c, r.Params.XCartToken)
	if err != nil {
		return nil, err
	}
	if err := h.s.EmptyCart(ctx, sh); err != nil {
		return nil, err
	}
	return EmptyCart204Response{}, nil
}

// AddCartItem implements StrictServerInterface.
func (h server) AddCartItem(c context.Context, r AddCartItemRequestObject) (AddCartItemResponseObject, error) {
	ctx, sh, err := cartCaller(c, r.Params.XCartToken)
	if err != nil {
		return nil, err
	}
	it := skuItem(r.Body.SkuId, r.Body.SpecId)
	it.OfferID, it.Quantity = r.Body.OfferId.Int64(), r.Body.Quantity
	cart, err := h.s.AddToCart(ctx, sh, it)
	if err != nil {
		return nil, err
	}
	return h.cartAnswer(sh, http.StatusCreated, cart)
}

// skuItem is an item of a variant.
func skuItem(skuID *Id, specID *string) (it Item) {
	if skuID != nil {
		it.SkuID = skuID.Int64()
	}
	if specID != nil {
		it.SpecID = *specID
	}
	return it
}

// ChangeCartItem implements StrictServerInterface.
func (h server) ChangeCartItem(c context.Context, r ChangeCartItemRequestObject) (ChangeCartItemResponseObject, error) {
	ctx, sh, err := cartCaller(c, r.Params.XCartToken)
	if err != nil {
		return nil, err
	}
	id, err := cartItemID(r.ItemId)
	if err != nil {
		return nil, err
	}
	change := cartChange{quantity: r.Body.Quantity, selected: r.Body.Selected}
	if r.Body.Version != nil {
		change.version = *r.Body.Version
	}
	cart, err := h.s.ChangeCartItem(ctx, sh, id, change, skuItem(r.Body.SkuId, r.Body.SpecId))
	if err != nil {
		return nil, err
	}
	return h.cartAnswer(sh, http.StatusOK, cart)
}

// RemoveCartItem implements StrictServerInterface.
func (h server) RemoveCartItem(c context.Context, r RemoveCartItemRequestObject) (RemoveCartItemResponseObject, error) {
	ctx, sh, err := cartCaller(c, r.Params.XCartToken)
	if err != nil {
		return nil, err
	}
	id, err := cartItemID(r.ItemId)
	if err != nil {
		return nil, err
	}
	if err := h.s.RemoveCartItem(ctx, sh, id); err != nil {
		return nil, err
	}
	return RemoveCartItem204Response{}, nil
}
