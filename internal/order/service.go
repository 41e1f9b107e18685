package order

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/search"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// previewTTL is how long a preview locks its prices.
const previewTTL = 30 * time.Minute

// Options is what a Service needs.
type Options struct {
	DB     *database.DB
	Jobs   *jobs.Queue
	Idem   *web.Idempotency
	Client *alibaba.Client
	Search *search.Service
	Auth   *auth.Service
	Sites  *site.Registry
	Rates  *money.Book
	Bundle *i18n.Bundle
	Rules  Rules
	Secret []byte // signs preview tokens
	Now    func() time.Time
	Logger *slog.Logger
}

// Service is everything that happens to orders.
type Service struct {
	store  *store
	client *alibaba.Client
	search *search.Service
	auth   *auth.Service
	sites  *site.Registry
	rates  *money.Book
	bundle *i18n.Bundle
	rules  Rules
	idem   *web.Idempotency
	secret []byte
	now    func() time.Time
	log    *slog.Logger
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	now := func() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }
	return &Service{
		store:  newStore(o, now),
		client: o.Client, search: o.Search, auth: o.Auth, sites: o.Sites, rates: o.Rates, bundle: o.Bundle, rules: o.Rules, idem: o.Idem,
		secret: o.Secret, now: now, log: o.Logger,
	}
}

// Placement is a member's wish to order what a preview priced.
type Placement struct {
	PreviewToken string
	OrderType    int
	Address      Address
	Note         string
}

// Place makes the order of a preview, once per preview and once per idempotency key. encode renders the answer that is
// stored for replays. No call to 1688 happens here. Errors: order.preview_invalid, order.preview_expired,
// order.preview_used.
func (s *Service) Place(ctx context.Context, who auth.MemberCaller, st *site.Site, p Placement, idem web.Idem, encode func(*full) (web.Answer, error)) (web.Answer, *web.Replay, error) {
	answer, replay, err := s.idem.Once(ctx, idem, func(ctx context.Context) (web.Answer, error) {
		o, err := s.draft(ctx, who, st, p)
		if err != nil {
			return web.Answer{}, err
		}
		answer, err := encode(o)
		if err != nil {
			return web.Answer{}, err
		}
		return answer, s.store.place(ctx, o, idem, answer)
	})
	if errors.Is(err, database.ErrDuplicate) {
		return answer, nil, errs.New(errs.Conflict, "order.preview_used").At("/previewToken", "order.preview_used")
	}
	if err == nil && replay == nil {
		s.store.jobs.Kick()
	}
	return answer, replay, err
}

// draft builds the order of a preview without writing anything.
func (s *Service) draft(ctx context.Context, who auth.MemberCaller, st *site.Site, p Placement) (*full, error) {
	invalid := func() error {
		return errs.New(errs.Rule, "order.preview_invalid").At("/previewToken", "order.preview_invalid")
	}
	id, ok := s.openToken(p.PreviewToken)
	if !ok {
		return nil, invalid()
	}
	row, err := s.store.preview(ctx, id)
	if errors.Is(err, database.ErrNotFound) {
		return nil, invalid()
	}
	if err != nil {
		return nil, err
	}
	if row.Site != st.Code || row.MemberID != who.ID {
		return nil, invalid()
	}
	if s.now().After(row.ExpiresAt) {
		return nil, errs.New(errs.Conflict, "order.preview_expired").At("/previewToken", "order.preview_expired")
	}
	var q quote
	if err := json.Unmarshal([]byte(row.Payload), &q); err != nil {
		return nil, err
	}
	return s.orderOf(who, st, p, row.ID, &q), nil
}

func (s *Service) orderOf(who auth.MemberCaller, st *site.Site, p Placement, previewID int64, q *quote) *full {
	now := s.now()
	var sum sums
	for _, g := range q.Groups {
		sum = sum.plus(g.Sum)
	}
	o := &full{taken: q.Cart, order: orderRow{
		ID: s.store.db.NewID(), Site: st.Code, MemberID: who.ID, OutMemberID: who.OutMemberID, PreviewID: previewID,
		Status: AwaitingPayment, StatusGroup: string(AwaitingPayment.group("")), OrderType: p.OrderType, TriggerMode: s.trigger(st),
		Currency: st.Currency.Code, GoodsFen: sum.GoodsFen, FreightFen: sum.FreightFen, DiscountFen: sum.DiscountFen, TotalFen: sum.TotalFen,
		GoodsMinor: sum.GoodsMinor, FreightMinor: sum.FreightMinor, DiscountMinor: sum.DiscountMinor, TotalMinor: sum.TotalMinor,
		FxJSON: encode(terms{FX: q.FX, Lang: q.Lang}), AddressJSON: encode(p.Address), Note: p.Note, UnpaidDeadline: now.Add(s.rules.PayWithin), CreatedAt: now, UpdatedAt: now,
	}}
	for no, g := range q.Groups {
		for _, l := range g.Lines {
			o.lines = append(o.lines, lineRow{
				ID: s.store.db.NewID(), OrderID: o.order.ID, LineNo: l.LineNo, GroupNo: no, OfferID: l.OfferID, SkuID: l.SkuID, SpecID: l.SpecID,
				SellerOpenID: g.SellerOpenID, Quantity: l.Quantity, UnitFen: l.UnitFen, AmountFen: l.AmountFen, UnitMinor: l.UnitMinor,
				AmountMinor: l.Minor, Subject: clip(l.Subject, 500), SubjectTrans: clip(l.Translated, 500), SkuName: clip(l.SkuName, 300),
				ImageURL: clip(l.ImageURL, 500), Snapshot: encode(l), CreatedAt: now,
			})
		}
	}
	return o
}

func (s *Service) trigger(st *site.Site) string {
	if s.rules.Trigger != "" {
		return s.rules.Trigger
	}
	if st.Trigger != "" {
		return st.Trigger
	}
	return OnPaid
}

// Order reads one order of a member; somebody else's is not_found.
func (s *Service) Order(ctx context.Context, who auth.MemberCaller, st *site.Site, id int64) (*full, error) {
	f, err := s.store.get(ctx, st.Code, who.ID, id)
	if err != nil {
		return f, notFound(err)
	}
	return f, s.store.buyingOf(ctx, f)
}

// Orders lists a member's orders, newest first.
func (s *Service) Orders(ctx context.Context, who auth.MemberCaller, st *site.Site, group string, before int64, limit int) ([]*full, error) {
	return s.store.list(ctx, listFilter{site: st.Code, memberID: who.ID, group: group, before: before, limit: limit}, true)
}

func notFound(err error) error {
	if errors.Is(err, database.ErrNotFound) {
		return errs.New(errs.NotFound, "order.not_found")
	}
	return err
}

// token is the preview's id with a MAC, so that ids cannot be guessed and tokens not made.
func (s *Service) token(id int64) string {
	text := strconv.FormatInt(id, 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text))
}

func (s *Service) mac(text string) []byte {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte("preview:" + text))
	return m.Sum(nil)
}

// openToken accepts exactly what token made: one preview has one token, to the byte.
func (s *Service) openToken(token string) (int64, bool) {
	text, _, _ := strings.Cut(token, ".")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !hmac.Equal([]byte(token), []byte(s.token(id))) {
		return 0, false
	}
	return id, true
}

// Due is the order an unpaid member has to pay, as the payment callback checks it.
type Due struct {
	OrderID  int64
	Site     string
	Minor    int64
	Currency string
}

// Due reads what a member owes for an order; when everything is paid, what it cost.
func (s *Service) Due(ctx context.Context, id int64) (Due, error) {
	f, err := s.store.get(ctx, "", 0, id)
	if err != nil {
		return Due{}, notFound(err)
	}
	a, err := s.store.account(ctx, id)
	due := outstanding(&f.order, a)
	if due <= 0 {
		due = f.order.TotalMinor + a.ExtraMinor
	}
	return Due{OrderID: id, Site: f.order.Site, Minor: due, Currency: f.order.Currency}, err
}
