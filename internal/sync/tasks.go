package sync

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"entrepot/internal/account"
	"entrepot/internal/alibaba"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

// Register ties this package's jobs to the service.
func (s *Service) Register(q *jobs.Queue) {
	q.Handle(JobApply, func(ctx context.Context, t *jobs.Task) error {
		var r messageRef
		if err := t.Decode(&r); err != nil {
			return err
		}
		return order.Outcome(s.Apply(ctx, r.ID))
	})
	q.Handle(account.JobPushRegistration, s.pushRegistration)
	q.Handle(order.JobPushOrder, s.pushOrder)
	q.Handle(order.JobPushStatus, s.pushOrder)
	q.Handle(order.JobPushRelation, s.pushRelation)
	q.Handle(order.JobPushParcel, s.pushParcel)
	q.Handle(order.JobPushParcelStep, s.pushParcel)
}

func decode(payload []byte, v any) error { return json.Unmarshal(payload, v) }

func (s *Service) pushRegistration(ctx context.Context, t *jobs.Task) error {
	var r account.Registration
	if err := t.Decode(&r); err != nil {
		return err
	}
	w := wanted{kind: "registration", objectKey: strconv.FormatInt(r.MemberID, 10), version: "1", site: r.Site, at: r.At}
	err := s.push(ctx, t, w, func(ctx context.Context) (any, alibaba.Ack, error) {
		a, err := s.accounts.Announcement(ctx, r.MemberID)
		if err != nil {
			return nil, alibaba.Ack{}, err
		}
		call := alibaba.CountryAccount{
			Country: a.Country, Site: a.Site, LoginName: a.LoginName, OutMemberID: a.OutMemberID, Email: a.Email, Mobile: a.Mobile,
			MobileArea: a.MobileArea, IP: a.IP,
		}
		// The ledger proves that the member was announced; it need not keep the person's contact a second time.
		kept := alibaba.CountryAccount{Country: a.Country, Site: a.Site, OutMemberID: a.OutMemberID}
		return kept, alibaba.Ack{}, s.client.Register(ctx, call)
	})
	var e *alibaba.Error
	switch {
	case err == nil:
		return s.accounts.Registered(ctx, r.MemberID)
	case errors.As(err, &e) && e.Class == alibaba.Rejected:
		if err := s.accounts.RegistrationFailed(ctx, r.MemberID, e.Message); err != nil {
			return err
		}
	}
	return err
}

// pushOrder tells 1688 an order, or a new state of it: the real gateway has one call for both.
func (s *Service) pushOrder(ctx context.Context, t *jobs.Task) error {
	var p order.Push
	if err := t.Decode(&p); err != nil {
		return err
	}
	return s.push(ctx, t, wantedOf(t, p), func(ctx context.Context) (any, alibaba.Ack, error) {
		f, err := s.orders.Facts(ctx, p.OrderID)
		if err != nil {
			return nil, alibaba.Ack{}, err
		}
		call := alibaba.OrderSync{OrderID: f.ID, OutMemberID: f.OutMemberID, Status: p.Status, CreateTime: f.CreatedAt, PayTime: f.PaidAt, PaidFee: int64(f.TotalFen)}
		if t.Kind == order.JobPushStatus {
			call.EndTime = p.At
		}
		for _, l := range f.Lines {
			call.Subs = append(call.Subs, alibaba.SyncSub{OrderID: l.ID, PaidFee: int64(l.AmountFen), SyncLine: alibaba.SyncLine{
				ProductID: l.OfferID, ProductName: l.Name, SkuID: l.SkuID, SkuName: l.SkuName, BuyAmount: l.Quantity}})
		}
		ack, err := s.client.SyncOrder(ctx, call)
		return call, ack, err
	})
}

func (s *Service) pushRelation(ctx context.Context, t *jobs.Task) error {
	var p order.Push
	if err := t.Decode(&p); err != nil {
		return err
	}
	return s.push(ctx, t, wantedOf(t, p), func(ctx context.Context) (any, alibaba.Ack, error) {
		sub, err := alibaba.ParseID(p.SubItemID)
		if err != nil {
			return nil, alibaba.Ack{}, err
		}
		parent, err := alibaba.ParseID(p.AlibabaOrderID)
		if err != nil {
			return nil, alibaba.Ack{}, err
		}
		call := alibaba.Relation{
			OrderID: strconv.FormatInt(p.LineID, 10), ParentOrderID: strconv.FormatInt(p.OrderID, 10), PurchaseOrderID: sub, PurchaseParentOrderID: parent,
		}
		ack, err := s.client.WriteRelation(ctx, call)
		return call, ack, err
	})
}

// pushParcel tells 1688 a national parcel, or a new state of it.
func (s *Service) pushParcel(ctx context.Context, t *jobs.Task) error {
	var p order.Push
	if err := t.Decode(&p); err != nil {
		return err
	}
	return s.push(ctx, t, wantedOf(t, p), func(ctx context.Context) (any, alibaba.Ack, error) {
		f, err := s.orders.ParcelFacts(ctx, p.ParcelID)
		if err != nil {
			return nil, alibaba.Ack{}, err
		}
		call := alibaba.LogisticsSync{
			OrderID: f.OrderID, LogisticsID: f.ParcelNo, Status: p.Status, CreateTime: f.CreatedAt, Province: f.Province, City: f.City,
			Area: f.Area, Address: f.Address,
		}
		if p.Status == alibaba.SyncSign || p.Status == alibaba.SyncPartSign {
			call.SignTime = p.At
		}
		ack, err := s.client.SyncLogistics(ctx, call)
		// As with registrations the ledger keeps the fact, not the person's address.
		kept := call
		kept.Province, kept.City, kept.Area, kept.Address = "", "", "", ""
		return kept, ack, err
	})
}

func wantedOf(t *jobs.Task, p order.Push) wanted {
	return wanted{kind: kinds[t.Kind], objectKey: p.ObjectKey, version: p.Version, site: p.Site, orderID: p.OrderID, at: p.At}
}
