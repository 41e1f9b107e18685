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

// Parcels reads the parcels of a member's order and all their steps, oldest first.
func (s *Service) Parcels(ctx context.Context, who auth.MemberCaller, st *site.Site, orderID int64) ([]parcelRow, []parcelEventRow, error) {
	if _, err := s.store.get(ctx, st.Code, who.ID, orderID); err != nil {
		return nil, nil, notFound(err)
	}
	return s.store.parcels(ctx, orderID)
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

// AddEvent records what happened to a national parcel; partSign, sign and refund are told to 1688. Repeating an event
// changes nothing. Errors: parcel.not_found, parcel.event_invalid.
func (s *Service) AddEvent(ctx context.Context, staff auth.StaffCaller, parcelID int64, event, detail string, at time.Time) (parcelRow, error) {
	p, err := s.store.parcel(ctx, parcelID)
	if errors.Is(err, database.ErrNotFound) || (err == nil && p.Leg != National) {
		return p, errs.New(errs.NotFound, "parcel.not_found")
	}
	if err != nil {
		return p, err
	}
	if at.IsZero() {
		at = s.now()
	}
	if at.After(s.now().Add(maxClockSkew)) || at.Before(p.CreatedAt.Add(-90*24*time.Hour)) {
		return p, errs.New(errs.Invalid, "request.invalid").At("/happenedAt", "field.range")
	}
	ev := nationalEvent{event: event, detail: detail, at: at.UTC(), actor: staff.LoginName}
	row, err := s.store.addEvent(ctx, parcelID, p.OrderID, ev, s.auditor(ctx, "parcel."+event))
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
