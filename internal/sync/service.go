package sync

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"time"

	"entrepot/internal/account"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
	"entrepot/internal/search"
	"entrepot/internal/web"
)

// Options is what a Service needs.
type Options struct {
	DB       *database.DB
	Jobs     *jobs.Queue
	Client   *alibaba.Client
	Accounts *account.Service
	Orders   *order.Service
	Search   *search.Service
	Auth     *auth.Service
	Bundle   *i18n.Bundle
	Secrets  []string      // app secrets that sign messages; two during a rotation
	Sweep    time.Duration // how often 1688's order list is compared
	Now      func() time.Time
	Logger   *slog.Logger
}

// Service receives messages, pushes facts and keeps the ledger.
type Service struct {
	store    *store
	jobs     *jobs.Queue
	client   *alibaba.Client
	accounts *account.Service
	orders   *order.Service
	search   *search.Service
	auth     *auth.Service
	bundle   *i18n.Bundle
	secrets  []string
	sweep    time.Duration
	now      func() time.Time
	log      *slog.Logger
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	now := func() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }
	return &Service{
		store: newStore(o.DB, o.Jobs, now), jobs: o.Jobs, client: o.Client, accounts: o.Accounts, orders: o.Orders,
		search: o.Search, auth: o.Auth, bundle: o.Bundle, secrets: o.Secrets, sweep: o.Sweep, now: now, log: o.Logger,
	}
}

// Receive verifies and stores one message of 1688; it is applied by a job. Errors: callback.signature, callback.malformed.
func (s *Service) Receive(ctx context.Context, form url.Values) error {
	if !alibaba.VerifyMessage(form, s.secrets...) {
		return errs.New(errs.Unauthenticated, "callback.signature")
	}
	raw := form.Get("message")
	m, err := alibaba.ParseMessage([]byte(raw))
	if err != nil {
		return errs.New(errs.Invalid, "callback.malformed").Because(err)
	}
	row := messageRow{
		ID: s.store.db.NewID(), MsgID: clip(m.MsgID, 40), Topic: clip(m.Topic, 80), BizKey: clip(m.BizKey, 64), Raw: raw, State: received,
		RequestID: web.RequestID(ctx), ReceivedAt: s.now(),
	}
	if !m.BornAt.IsZero() {
		born := m.BornAt.UTC()
		row.GmtBorn = &born
	}
	err = s.store.receive(ctx, row)
	s.jobs.Kick()
	return err
}

// Apply carries a stored message out. The message is only a hint: the facts are read from 1688 again, so that lost, late,
// doubled and shuffled messages end in the same state.
func (s *Service) Apply(ctx context.Context, id int64) error {
	row, err := s.store.message(ctx, id)
	if err != nil {
		return err
	}
	if row.State != received {
		return nil
	}
	m, err := alibaba.ParseMessage([]byte(row.Raw))
	if err != nil {
		return s.store.settle(ctx, id, failed, "unreadable")
	}
	if !m.Known() {
		return s.store.settle(ctx, id, ignored, "unknown topic")
	}
	if offers := m.OfferIDs(); len(offers) > 0 {
		ids := make([]int64, len(offers))
		for i, o := range offers {
			ids[i] = int64(o)
		}
		s.search.Invalidate(ids...)
		return s.store.settle(ctx, id, applied, "")
	}
	orders := m.OrderIDs()
	if len(orders) == 0 {
		return s.store.settle(ctx, id, ignored, "names no order")
	}
	return s.applyOrders(ctx, row, orders)
}

func (s *Service) applyOrders(ctx context.Context, row messageRow, orders []alibaba.ID) error {
	known := 0
	for _, o := range orders {
		purchaseID, _, err := s.orders.PurchaseOf(ctx, o.String())
		if errors.Is(err, database.ErrNotFound) {
			continue
		}
		if err == nil {
			err = s.orders.Refresh(ctx, purchaseID, row.Topic)
		}
		if alibaba.ClassOf(err) == alibaba.Rejected {
			return s.store.settle(ctx, row.ID, failed, err.Error())
		}
		if err != nil {
			return err
		}
		known++
	}
	if known == len(orders) {
		return s.store.settle(ctx, row.ID, applied, "")
	}
	// The message may be faster than our own note of the order's id, so it waits a while before it counts as foreign.
	if age := s.now().Sub(row.ReceivedAt); age < parkFor {
		return jobs.Later(parkPause(age), "order not known yet")
	}
	return s.store.settle(ctx, row.ID, ignored, "not an order of ours")
}

// push tells 1688 one fact and notes what came of it. Facts of one order arrive in the order they happened: the queue
// hands them out one by one, and a dead one holds back those behind it.
func (s *Service) push(ctx context.Context, t *jobs.Task, w wanted, send func(ctx context.Context) (payload any, ack alibaba.Ack, err error)) error {
	rows, err := s.store.standingsOf(ctx, w)
	if err != nil {
		return err
	}
	noticed := false
	for _, r := range rows {
		same := r.Kind == w.kind && r.ObjectKey == w.objectKey && r.Version == w.version
		noticed = noticed || same
		if same && (r.State == stateAcknowledged || r.State == stateNotNeeded || r.State == stateSuperseded) {
			return nil
		}
		if !same && r.JobID < t.ID && (r.State == stateDead || r.State == stateRefused) {
			return jobs.Later(blockedPause, "an earlier push of this order is "+r.State)
		}
	}
	if newer, err := s.superseded(ctx, t, w); err != nil || newer {
		if err != nil {
			return err
		}
		s.store.note(t, w, outcome{state: stateSuperseded, message: "a newer state is waiting"}, noticed)
		return nil
	}
	payload, ack, err := send(ctx)
	text, sum := hash(payload)
	o := outcome{state: stateAcknowledged, payload: text, hash: sum, requestID: ack.RequestID}
	if err == nil {
		s.store.note(t, w, o, noticed)
		return nil
	}
	return s.pushFailed(t, w, o, noticed, err)
}

// pushFailed notes a failed try by its class: rejected and exhausted pushes end here and are shown to staff.
func (s *Service) pushFailed(t *jobs.Task, w wanted, o outcome, noticed bool, err error) error {
	var e *alibaba.Error
	if !errors.As(err, &e) {
		return err
	}
	later := order.NotNow(err)
	if alibaba.KeptBack(err) { // it was no try
		return later
	}
	o.state, o.code, o.message, o.requestID = stateSent, e.Code, e.Error(), e.RequestID
	final := e.Class == alibaba.Rejected || later == nil && t.Attempts+1 >= maxPushTries
	switch {
	case e.Class == alibaba.Rejected:
		o.state = stateRefused
	case final:
		o.state = stateDead
	}
	s.store.note(t, w, o, noticed)
	if final {
		return jobs.Dead(err)
	}
	if later != nil {
		return later
	}
	return err
}

// superseded looks for a newer state of the same object that waits behind this one.
func (s *Service) superseded(ctx context.Context, t *jobs.Task, w wanted) (bool, error) {
	if !supersedable[w.kind] {
		return false, nil
	}
	rows, err := s.jobs.List(ctx, jobs.Filter{Aggregate: t.Aggregate, State: jobs.StateWaiting, KindPrefix: t.Kind, Limit: 50})
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		var p order.Push
		if r.ID > t.ID && r.Kind == t.Kind && decode(r.Payload, &p) == nil && p.ObjectKey == w.objectKey {
			return true, nil
		}
	}
	return false, nil
}

// Ledger is what 1688 should know about an order and what it acknowledged, oldest first.
func (s *Service) Ledger(ctx context.Context, orderID int64) ([]ledgerRow, error) {
	if _, err := s.orders.Facts(ctx, orderID); err != nil {
		if errors.Is(err, database.ErrNotFound) || errs.CodeOf(err) == errs.NotFound {
			return nil, errs.New(errs.NotFound, "order.not_found")
		}
		return nil, err
	}
	// The queue before the ledger: a push that is settled in between is then seen twice, not missed.
	pushes, err := s.jobs.List(ctx, jobs.Filter{Aggregate: "push:" + strconv.FormatInt(orderID, 10), Limit: 500})
	if err != nil {
		return nil, err
	}
	rows, err := s.store.ledgerOf(ctx, orderID)
	if err != nil {
		return nil, err
	}
	noted := map[int64]bool{}
	for _, r := range rows {
		noted[r.JobID] = true
	}
	for _, j := range slices.Backward(pushes) {
		var p order.Push
		if j.State == jobs.StateDone || noted[j.ID] || decode(j.Payload, &p) != nil {
			continue
		}
		row := ledgerRow{ID: j.ID, OrderID: orderID, Kind: kinds[j.Kind], ObjectKey: p.ObjectKey, Version: p.Version, State: stateQueued, WantedAt: p.At, JobID: j.ID}
		if j.State == jobs.StateDead { // it never came as far as asking 1688
			row.State, row.Message = stateDead, j.LastError
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Retry puts a refused or dead push back into the queue. Errors: push.not_found, push.not_retryable.
func (s *Service) Retry(ctx context.Context, id int64) (ledgerRow, error) {
	row, err := s.store.entry(ctx, id)
	if errors.Is(err, database.ErrNotFound) {
		return row, errs.New(errs.NotFound, "push.not_found")
	}
	if err != nil {
		return row, err
	}
	revived, err := s.store.revive(ctx, row, s.auditRetry(ctx, row))
	if err != nil {
		return row, err
	}
	if !revived {
		return row, errs.New(errs.Conflict, "push.not_retryable")
	}
	s.jobs.Kick()
	return s.store.entry(ctx, id)
}
