package order

import (
	"context"
	"errors"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// maxClockSkew is how far in the future an event may be dated.
const maxClockSkew = 10 * time.Minute

// tracking is the parcels of an order, what is in them, and all their steps, oldest first.
type tracking struct {
	parcels []parcelRow
	events  []parcelEventRow
	lines   []parcelLineRow
}

// Parcels reads the parcels of a member's order.
func (s *Service) Parcels(ctx context.Context, who auth.MemberCaller, st *site.Site, orderID int64) (t tracking, err error) {
	if _, err := s.store.get(ctx, st.Code, who.ID, orderID); err != nil {
		return t, notFound(err)
	}
	if t.parcels, t.events, err = s.store.parcels(ctx, orderID); err != nil {
		return t, err
	}
	t.lines, err = s.store.linesOf(ctx, orderID)
	return t, err
}

// Ship records that a national parcel left the warehouse; 1688 is told. Errors: order.not_found, order.not_shippable,
// parcel.exists.
func (s *Service) Ship(ctx context.Context, staff auth.StaffCaller, orderID int64, sh shipment) (parcelRow, error) {
	sh.actor = staff.LoginName
	row, err := s.store.ship(ctx, orderID, sh, s.auditor(ctx, "parcel.ship"))
	if errors.Is(err, database.ErrDuplicate) {
		return row, errs.New(errs.Conflict, "parcel.exists").At("/parcelNo", "parcel.exists")
	}
	if err == nil {
		s.store.jobs.Kick()
	}
	return row, notFound(err)
}

// AddEvent records what happened to a national parcel; partSign (which may say of what), sign and refund are told to
// 1688. Repeating an event changes nothing. Errors: parcel.not_found, parcel.event_invalid.
func (s *Service) AddEvent(ctx context.Context, staff auth.StaffCaller, parcelID int64, ev nationalEvent) (parcelRow, error) {
	p, err := s.store.parcel(ctx, parcelID)
	if errors.Is(err, database.ErrNotFound) || (err == nil && p.Leg != National) {
		return p, errs.New(errs.NotFound, "parcel.not_found")
	}
	if err != nil {
		return p, err
	}
	if ev.at.IsZero() {
		ev.at = s.now()
	}
	if len(ev.lines) > 0 && ev.event != "partSign" {
		return p, errs.New(errs.Invalid, "request.invalid").At("/lines", "field.invalid")
	}
	if ev.at.After(s.now().Add(maxClockSkew)) || ev.at.Before(p.CreatedAt.Add(-90*24*time.Hour)) {
		return p, errs.New(errs.Invalid, "request.invalid").At("/happenedAt", "field.range")
	}
	ev.at, ev.actor = ev.at.UTC(), staff.LoginName
	row, err := s.store.addEvent(ctx, parcelID, p.OrderID, ev, s.auditor(ctx, "parcel."+ev.event))
	if err == nil {
		s.store.jobs.Kick()
	}
	return row, err
}

// auditor notes the staff member's act in the transaction that carries it out.
func (s *Service) auditor(ctx context.Context, action string) auditFunc {
	return func(tx auditTx, p parcelRow) error {
		return s.auth.AuditTx(ctx, tx, auth.Entry{
			Action: action, ObjectKind: "parcel", ObjectID: p.ID, After: map[string]any{"status": p.Status, "parcelNo": p.ParcelNo},
		})
	}
}
