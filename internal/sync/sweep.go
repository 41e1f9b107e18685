package sync

import (
	"context"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

const (
	sweepCursor  = "alibaba.orders.modified"
	sweepOverlap = 2 * time.Minute // 1688's list may lag behind its own clock
	sweepPages   = 20              // pages of one sweep; the rest waits for the next
	sweepSize    = 50
	quietAfter   = 30 * time.Minute // a purchase in motion is read again after this long without news
)

// Run compares 1688's order list with ours again and again until ctx ends, so that a lost message is only a delay.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "sweep of 1688's orders failed", "error", err)
			}
		}
	}
}

// Sweep reads what changed at 1688 since the last sweep and queues a re-read of every order whose state we do not have,
// and of purchases that have been quiet for long. Only one process sweeps at a time.
func (s *Service) Sweep(ctx context.Context) error {
	value, mine, err := s.store.turn(ctx, sweepCursor, s.sweep*9/10)
	if err != nil || !mine {
		return err
	}
	began := s.now()
	since, err := time.Parse(time.RFC3339, value)
	if err != nil {
		since = began.Add(-24 * time.Hour)
	}
	specs, reached, err := s.changed(ctx, since.Add(-sweepOverlap), began)
	if err != nil {
		return err
	}
	quiet, err := s.orders.Unread(ctx, began.Add(-quietAfter), 100)
	if err != nil {
		return err
	}
	for _, id := range quiet {
		specs = append(specs, refresh(id, "sweep.quiet"))
	}
	if err := s.store.advance(ctx, sweepCursor, reached.Format(time.RFC3339), specs); err != nil {
		return err
	}
	if len(specs) > 0 {
		s.jobs.Kick()
	}
	return nil
}

// changed lists what 1688 changed from since to reached, which is until unless that is more than one sweep carries: then
// the window is halved until it fits, and the next sweep goes on from there. What does not fit into the smallest one waits
// for its message or for the look at quiet purchases.
func (s *Service) changed(ctx context.Context, since, until time.Time) (specs []jobs.Spec, reached time.Time, err error) {
	for page := 1; page <= sweepPages; page++ {
		answer, err := s.client.BuyerOrders(ctx, alibaba.OrderListQuery{Page: page, PageSize: sweepSize, ModifyStart: since, ModifyEnd: until})
		if err != nil {
			return nil, since, err
		}
		if window := until.Sub(since); int(answer.Total) > sweepPages*sweepSize && window > sweepOverlap+time.Second {
			until, page, specs = since.Add(max(window/2, sweepOverlap+time.Second)), 0, nil
			continue
		}
		for i := range answer.Orders {
			t := &answer.Orders[i]
			id, behind, err := s.orders.Behind(ctx, t.OrderID().String(), string(t.Base.Status), t.Base.ModifyTime.Time)
			if err != nil {
				return nil, since, err
			}
			if behind {
				specs = append(specs, refresh(id, "sweep"))
			}
		}
		if len(answer.Orders) < sweepSize {
			break
		}
	}
	return specs, until, nil
}

func refresh(purchaseID int64, cause string) jobs.Spec {
	return jobs.Spec{Kind: order.JobRefresh, Aggregate: purchaseAggregate(purchaseID), Payload: struct {
		ID    int64  `json:"id,string"`
		Cause string `json:"cause"`
	}{purchaseID, cause}}
}
