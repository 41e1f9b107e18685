package pay

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

// Options is what a Service needs.
type Options struct {
	DB        *database.DB
	Jobs      *jobs.Queue
	Orders    *order.Service
	Client    *alibaba.Client
	Secrets   []string // whsec_...; several during a rotation
	Automatic bool     // pay purchases at 1688 without a password; else staff pay them there
	Now       func() time.Time
	Logger    *slog.Logger
}

// Service records buyers' payments and pays 1688.
type Service struct {
	store     *store
	jobs      *jobs.Queue
	orders    *order.Service
	client    *alibaba.Client
	verifiers []verifier
	automatic bool
	now       func() time.Time
	log       *slog.Logger
}

// New makes a Service; it fails on a secret that is not a Standard Webhooks secret.
func New(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{
		store: &store{db: o.DB, orders: o.Orders, now: o.Now}, jobs: o.Jobs, orders: o.Orders, client: o.Client,
		automatic: o.Automatic, now: o.Now, log: o.Logger,
	}
	for _, secret := range o.Secrets {
		v, err := newVerifier(secret)
		if err != nil {
			return nil, err
		}
		s.verifiers = append(s.verifiers, v)
	}
	return s, nil
}

// Record takes a buyer's payment in, once per provider reference. A wrong amount or currency is kept as a mismatch and
// shown to staff: the money has moved, so it must not be lost. Errors: payment.order_unknown, payment.duplicate.
func (s *Service) Record(ctx context.Context, p Payment) (state string, err error) {
	due, err := s.orders.Due(ctx, p.OrderID)
	if errs.Is(err, "order.not_found") {
		return "", errs.New(errs.NotFound, "payment.order_unknown").At("/data/orderId", "payment.order_unknown")
	}
	if err != nil {
		return "", err
	}
	row := paymentRow{
		ID: s.store.db.NewID(), OrderID: p.OrderID, Site: due.Site, ProviderRef: p.Ref, AmountMinor: p.Amount, Currency: strings.ToUpper(p.Currency),
		State: accepted, WebhookID: p.WebhookID, PaidAt: p.PaidAt.UTC().Truncate(time.Millisecond), CreatedAt: s.now().UTC(),
	}
	if row.AmountMinor != due.Minor || row.Currency != due.Currency {
		row.State = mismatch
	}
	err = s.store.record(ctx, row)
	if errors.Is(err, database.ErrDuplicate) {
		known, err := s.store.known(ctx, p.Ref, p.WebhookID)
		if err == nil && known.OrderID != p.OrderID {
			return "", errs.New(errs.Conflict, "payment.duplicate").At("/data/paymentId", "payment.duplicate")
		}
		return known.State, err
	}
	if err == nil {
		s.jobs.Kick()
	}
	return row.State, err
}

// errLook asks for another look at the order in a moment.
var errLook = errors.New("payment not visible at 1688 yet")

// PayPurchase pays a purchase order at 1688 without a password: at most maxPayAttempts times, each only after the order
// was read again, because a failed answer can still mean paid.
func (s *Service) PayPurchase(ctx context.Context, purchaseID int64) error {
	if err := s.orders.Refresh(ctx, purchaseID, "payment.check"); err != nil {
		return err
	}
	p, err := s.orders.ToPay(ctx, purchaseID)
	if err != nil || !p.Unpaid || !s.automatic {
		return err
	}
	if p.LastTry != nil && s.now().Sub(*p.LastTry) < payPause {
		return errLook
	}
	if p.Attempts >= maxPayAttempts {
		return s.orders.NeedsStaff(ctx, p.OrderID, p.ID, "purchase_not_paid")
	}
	mine, err := s.orders.StartPaying(ctx, p)
	if err != nil {
		return err
	}
	if !mine {
		return errLook
	}
	request := strconv.FormatInt(p.ID, 10) + "-" + strconv.Itoa(p.Attempts+1)
	_, payErr := s.client.PreparePay(ctx, alibaba.ID(p.AlibabaOrderID), "", int64(p.TotalFen), request)
	if alibaba.Untouched(payErr) { // nothing reached the payment at 1688, so it was no try
		if err := s.orders.NotPaying(ctx, p); err != nil {
			return err
		}
		return payErr
	}
	if payErr != nil {
		s.log.WarnContext(ctx, "password-free payment in doubt", "purchase", p.ID, "class", string(alibaba.ClassOf(payErr)))
	}
	// Whatever the answer said, the order knows.
	if err := s.orders.Refresh(ctx, purchaseID, "payment.tried"); err != nil {
		return err
	}
	if p, err = s.orders.ToPay(ctx, purchaseID); err != nil || !p.Unpaid {
		return err
	}
	return errLook
}
