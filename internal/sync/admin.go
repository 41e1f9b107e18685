package sync

import (
	"context"
	"strconv"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// AdminGetLedger implements StrictServerInterface.
func (h server) AdminGetLedger(c context.Context, r AdminGetLedgerRequestObject) (AdminGetLedgerResponseObject, error) {
	if _, err := auth.RequireRole(c, auth.Roles...); err != nil {
		return nil, err
	}
	id, err := web.ParseID(r.OrderId)
	if err != nil {
		return nil, errs.New(errs.NotFound, "order.not_found")
	}
	rows, err := h.s.Ledger(web.Context(c), id)
	if err != nil {
		return nil, err
	}
	out := AdminGetLedger200JSONResponse{OrderId: r.OrderId, Items: []LedgerEntry{}}
	missing := 0
	for _, row := range rows {
		out.Items = append(out.Items, entryView(row))
		if row.State != stateAcknowledged && row.State != stateSuperseded && row.State != stateNotNeeded {
			missing++
		}
	}
	out.Complete = missing == 0
	out.Verdict = h.s.verdict(web.Language(c), len(rows), missing)
	return out, nil
}

// verdict says in one sentence whether 1688 knows everything.
func (s *Service) verdict(lang string, all, missing int) string {
	switch {
	case all == 0:
		return s.bundle.Text(lang, "ledger.nothing", nil)
	case missing == 0:
		return s.bundle.Text(lang, "ledger.complete", nil)
	default:
		return s.bundle.Text(lang, "ledger.missing", map[string]any{"count": missing})
	}
}

// AdminRetryPush implements StrictServerInterface.
func (h server) AdminRetryPush(c context.Context, r AdminRetryPushRequestObject) (AdminRetryPushResponseObject, error) {
	if _, err := auth.RequireRole(c, auth.Ops); err != nil {
		return nil, err
	}
	id, err := web.ParseID(r.EntryId)
	if err != nil {
		return nil, errs.New(errs.NotFound, "push.not_found")
	}
	row, err := h.s.Retry(web.Context(c), id)
	if err != nil {
		return nil, err
	}
	return AdminRetryPush202JSONResponse(entryView(row)), nil
}

// AdminListMessages implements StrictServerInterface.
func (h server) AdminListMessages(c context.Context, r AdminListMessagesRequestObject) (AdminListMessagesResponseObject, error) {
	if _, err := auth.RequireRole(c, auth.Roles...); err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	var state string
	if r.Params.State != nil {
		state = string(*r.Params.State)
	}
	rows, err := h.s.store.messages(web.Context(c), state, before, limit+1)
	if err != nil {
		return nil, err
	}
	out := AdminListMessages200JSONResponse{Items: []MessageEntry{}}
	if len(rows) > limit {
		rows = rows[:limit]
		next := web.EncodeCursor(rows[limit-1].ID)
		out.NextCursor = &next
	}
	for _, m := range rows {
		out.Items = append(out.Items, MessageEntry{
			Id: strconv.FormatInt(m.ID, 10), MsgId: m.MsgID, Topic: m.Topic, BizKey: optional(m.BizKey), State: MessageEntryState(m.State),
			Reason: optional(m.Reason), ReceivedAt: m.ReceivedAt, AppliedAt: m.AppliedAt,
		})
	}
	return out, nil
}

func entryView(r ledgerRow) LedgerEntry {
	return LedgerEntry{
		Id: strconv.FormatInt(r.ID, 10), Kind: LedgerEntryKind(r.Kind), ObjectKey: r.ObjectKey, Version: r.Version, State: LedgerEntryState(r.State),
		PayloadHash: optional(r.PayloadHash), Attempts: r.Attempts, Code: optional(r.Code), Message: optional(r.Message),
		UpstreamRequestId: optional(r.UpstreamRequestID), WantedAt: r.WantedAt, AcknowledgedAt: r.AcknowledgedAt,
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
