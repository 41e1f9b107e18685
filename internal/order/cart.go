package order

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"
)

// A guest's cart lives this long after its last use; reading it counts as a use at most once a guestCartTouch.
const (
	guestCartTTL   = 30 * 24 * time.Hour
	guestCartTouch = 24 * time.Hour
)

// shopper is who a cart belongs to: a member, or a guest with the token of a cart or without one yet.
type shopper struct {
	site     *site.Site
	lang     string
	memberID int64  // 0 = a guest
	token    string // of a guest's cart, "" = none
}

// noCart is the answer to a token that names no cart: never given, another site's, expired or merged into a member's.
func noCart() error {
	return errs.New(errs.NotFound, "cart.not_found").At("/header/X-Cart-Token", "cart.not_found")
}

func noCartItem() *errs.Error { return errs.New(errs.NotFound, "cart.item_not_found") }

// cartToken makes a guest's token, and hashes one into what is stored.
func cartToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashCartToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Cart reads a shopper's cart, checked and priced now. Errors: cart.not_found for a guest's unknown token.
func (s *Service) Cart(ctx context.Context, sh shopper) (*liveCart, error) {
	c, err := s.cartOf(ctx, sh)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.cartItems(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return s.live(ctx, sh, rows)
}

// cartOf finds a shopper's cart; the zero row is one that does not exist yet. A member's request that carries a guest's
// token merges that cart first.
func (s *Service) cartOf(ctx context.Context, sh shopper) (cartRow, error) {
	var c cartRow
	var err error
	switch {
	case sh.memberID != 0:
		if err := s.MergeCart(ctx, sh.site.Code, sh.memberID, sh.token); err != nil {
			return c, err
		}
		c, err = s.store.memberCart(ctx, sh.memberID)
	case sh.token != "":
		if c, err = s.store.guestCart(ctx, sh.site.Code, hashCartToken(sh.token)); errors.Is(err, database.ErrNotFound) {
			return c, noCart()
		}
		if until := s.now().Add(guestCartTTL); err == nil && c.ExpiresAt.Before(until.Add(-guestCartTouch)) {
			err = s.store.keepCart(ctx, c.ID, until)
		}
	}
	if errors.Is(err, database.ErrNotFound) {
		err = nil
	}
	return c, err
}

// openCart is cartOf for who is about to put something in: it makes the cart when there is none. token is a new guest's.
func (s *Service) openCart(ctx context.Context, sh shopper) (c cartRow, token string, err error) {
	if c, err = s.cartOf(ctx, sh); err != nil || c.ID != 0 {
		return c, "", err
	}
	if sh.memberID != 0 {
		c, err = s.openMemberCart(ctx, sh.site.Code, sh.memberID)
		return c, "", err
	}
	now := s.now()
	token = cartToken()
	c = cartRow{
		ID: s.store.db.NewID(), Site: sh.site.Code, TokenHash: ptr(hashCartToken(token)), ExpiresAt: ptr(now.Add(guestCartTTL)),
		CreatedAt: now, UpdatedAt: now,
	}
	return c, token, s.store.createCart(ctx, c)
}

func (s *Service) openMemberCart(ctx context.Context, siteCode string, memberID int64) (cartRow, error) {
	c, err := s.store.memberCart(ctx, memberID)
	if !errors.Is(err, database.ErrNotFound) {
		return c, err
	}
	now := s.now()
	c = cartRow{ID: s.store.db.NewID(), Site: siteCode, MemberID: &memberID, CreatedAt: now, UpdatedAt: now}
	if err = s.store.createCart(ctx, c); errors.Is(err, database.ErrDuplicate) { // made at the same moment
		return s.store.memberCart(ctx, memberID)
	}
	return c, err
}

// MergeCart moves the lines of a guest's cart into a member's: quantities of one variant are added up, nothing is there
// twice, and what is beyond the limits of a cart is dropped. Doing it again, or with a token of nothing, changes nothing.
func (s *Service) MergeCart(ctx context.Context, siteCode string, memberID int64, token string) error {
	if token == "" {
		return nil
	}
	guest, err := s.store.guestCart(ctx, siteCode, hashCartToken(token))
	if errors.Is(err, database.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	own, err := s.openMemberCart(ctx, siteCode, memberID)
	if err != nil {
		return err
	}
	return s.store.mergeCart(ctx, guest.ID, own.ID)
}

// AddToCart puts something in. Quantities that cannot be bought are taken, and told as blockers: the rest may follow.
// Errors: product.not_found, catalogue.blocked, order.line_unavailable, order.sku_required, order.sku_unknown,
// field.max, cart.full, cart.not_found, unavailable while 1688 cannot be asked.
func (s *Service) AddToCart(ctx context.Context, sh shopper, it Item) (*liveCart, error) {
	item, see, err := s.pick(ctx, sh, it)
	if err != nil {
		return nil, err
	}
	c, token, err := s.openCart(ctx, sh)
	if err != nil {
		return nil, err
	}
	item.CartID = c.ID
	if err = s.store.addCartItem(ctx, item, see); err != nil {
		return nil, cartFailed(sh, err)
	}
	if token != "" {
		sh.token = token
	}
	out, err := s.Cart(ctx, sh)
	if err == nil {
		out.token = token
	}
	return out, err
}

// cartFailed is what a shopper hears of a change that failed. database.ErrNotFound means the cart.
func cartFailed(sh shopper, err error) error {
	switch {
	case errors.Is(err, errTooMany):
		return errs.New(errs.Rule, "field.max", "max", MaxQuantity).At("/quantity", "field.max", "max", MaxQuantity)
	case errors.Is(err, errCartFull):
		return errs.New(errs.Rule, "cart.full", "max", MaxLines)
	case errors.Is(err, errCartChanged):
		return errs.New(errs.Conflict, "cart.changed")
	case errors.Is(err, database.ErrNotFound) && sh.memberID == 0:
		return noCart()
	}
	return err
}

// pick is a new cart line for a variant, as the shopper sees it now, and how to note a price on it.
func (s *Service) pick(ctx context.Context, sh shopper, it Item) (cartItemRow, func(line *cartItemRow, pieces int64), error) {
	var none cartItemRow
	rate, err := s.rate(sh.site)
	if err != nil {
		return none, nil, err
	}
	w := wish{Item: it}
	if err := s.look(ctx, sh.site, sh.lang, &w); err != nil {
		return none, nil, err
	}
	if key := w.misfit(); key != "" {
		return none, nil, misfitError(key)
	}
	now := s.now()
	row := cartItemRow{
		ID: s.store.db.NewID(), OfferID: w.OfferID, SkuID: w.SkuID, SpecID: w.SpecID, Quantity: it.Quantity, Selected: true, Version: 1,
		SellerOpenID: clip(w.offer.SellerOpenID, 100), SellerName: clip(w.offer.SellerName, 200), Lang: sh.lang,
		Subject: clip(w.offer.Subject, 500), SubjectTrans: clip(w.offer.SubjectTrans, 500), SkuName: clip(w.sku.Name, 300),
		ImageURL: clip(firstNonEmpty(w.sku.ImageURL, w.offer.ImageURL), 500), CreatedAt: now, UpdatedAt: now,
	}
	see := func(line *cartItemRow, pieces int64) {
		cost, _ := w.offer.UnitCost(w.sku, pieces)
		minor, err := rate.Convert(cost.Fen, sh.site.Currency)
		if err != nil { // too large for the currency: as if there were none
			cost.Fen, minor = 0, 0
		}
		line.SeenPieces, line.SeenFen, line.SeenMinor, line.SeenCurrency, line.SeenFxJSON = pieces, cost.Fen, minor, sh.site.Currency.Code, encode(rate)
	}
	return row, see, nil
}

func (s *Service) rate(st *site.Site) (money.Rate, error) {
	rate, err := s.rates.Rate(st.Currency.Code)
	if err != nil {
		return rate, errs.New(errs.Unavailable, "rate.missing").After(time.Minute).Because(err)
	}
	return rate, nil
}

// misfitError is a misfit where it is the whole request's fault.
func misfitError(key string) error {
	switch key {
	case "catalogue.blocked":
		return errs.New(errs.Blocked, key).At("/offerId", key)
	case "product.not_found":
		return errs.New(errs.NotFound, key).At("/offerId", key)
	case "order.line_unavailable":
		return errs.New(errs.Rule, key).At("/offerId", key)
	}
	return errs.New(errs.Rule, key).At("/skuId", key)
}

// ChangeCartItem changes a line; sku, when it names one, is the variant it becomes. Errors as AddToCart's, and
// cart.item_not_found, cart.changed.
func (s *Service) ChangeCartItem(ctx context.Context, sh shopper, itemID int64, change cartChange, sku Item) (*liveCart, error) {
	c, err := s.cartOf(ctx, sh)
	if err != nil {
		return nil, err
	}
	see := func(*cartItemRow, int64) {}
	if sku.SkuID != 0 || sku.SpecID != "" {
		lines, err := s.cartLines(ctx, c)
		if err != nil {
			return nil, err
		}
		line, ok := lines[itemID]
		if !ok {
			return nil, noCartItem()
		}
		if line, see, err = s.pick(ctx, sh, Item{OfferID: line.OfferID, SkuID: sku.SkuID, SpecID: sku.SpecID}); err != nil {
			return nil, err
		}
		change.item = &line
	}
	if err := s.store.changeCartItem(ctx, c.ID, itemID, change, see); err != nil {
		return nil, itemFailed(sh, err)
	}
	return s.Cart(ctx, sh)
}

func itemFailed(sh shopper, err error) error {
	if errors.Is(err, database.ErrNotFound) {
		return noCartItem()
	}
	return cartFailed(sh, err)
}

// RemoveCartItem takes a line out. Errors: cart.item_not_found, cart.not_found.
func (s *Service) RemoveCartItem(ctx context.Context, sh shopper, itemID int64) error {
	c, err := s.cartOf(ctx, sh)
	if err != nil {
		return err
	}
	if err := s.store.removeCartItems(ctx, c.ID, itemID); err != nil {
		return itemFailed(sh, err)
	}
	return nil
}

// EmptyCart takes all lines out. Errors: cart.not_found.
func (s *Service) EmptyCart(ctx context.Context, sh shopper) error {
	c, err := s.cartOf(ctx, sh)
	if err != nil || c.ID == 0 {
		return err
	}
	if err := s.store.removeCartItems(ctx, c.ID, 0); err != nil {
		return cartFailed(sh, err)
	}
	return nil
}

func (s *Service) cartLines(ctx context.Context, c cartRow) (map[int64]cartItemRow, error) {
	rows, err := s.store.cartItems(ctx, c.ID)
	byID := make(map[int64]cartItemRow, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	return byID, err
}

// PreviewCart is Preview for lines of the member's cart. The order of that preview takes them out of the cart.
func (s *Service) PreviewCart(ctx context.Context, who auth.MemberCaller, st *site.Site, lang string, ids []int64) (*previewed, error) {
	c, err := s.cartOf(ctx, shopper{site: st, lang: lang, memberID: who.ID})
	if err != nil {
		return nil, err
	}
	lines, err := s.cartLines(ctx, c)
	if err != nil {
		return nil, err
	}
	items, taken, asked := make([]Item, len(ids)), make([]cartTaken, len(ids)), map[int64]bool{}
	for i, id := range ids {
		pointer := fmt.Sprintf("/cartItemIds/%d", i)
		l, ok := lines[id]
		if !ok {
			return nil, noCartItem().At(pointer, "cart.item_not_found")
		}
		if asked[id] {
			return nil, errs.New(errs.Invalid, "request.invalid").At(pointer, "field.duplicate")
		}
		asked[id] = true
		items[i] = Item{OfferID: l.OfferID, SkuID: l.SkuID, SpecID: l.SpecID, Quantity: l.Quantity}
		taken[i] = cartTaken{ItemID: l.ID, OfferID: l.OfferID, SkuID: l.SkuID, SpecID: l.SpecID, Quantity: l.Quantity}
	}
	return s.preview(ctx, who, st, lang, "cartItemIds", items, taken)
}
