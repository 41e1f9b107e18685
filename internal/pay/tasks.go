package pay

import (
	"context"
	"errors"

	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

// Register ties this package's jobs to the service.
func (s *Service) Register(q *jobs.Queue) {
	q.Handle(order.JobPay, func(ctx context.Context, t *jobs.Task) error {
		var r struct {
			ID int64 `json:"id,string"`
		}
		if err := t.Decode(&r); err != nil {
			return err
		}
		err := s.PayPurchase(ctx, r.ID)
		if errors.Is(err, errLook) {
			return jobs.Later(payPause, err.Error())
		}
		return order.Outcome(err)
	})
}
