package pay

import (
	"context"
	"net/http"
	"strconv"

	"entrepot/internal/errs"
	"entrepot/internal/web"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Routes registers the payment callback.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	return nil
}

// verifier checks a Standard Webhooks signature within its five-minute window.
type verifier interface {
	Verify(payload []byte, headers http.Header) error
}

func newVerifier(secret string) (verifier, error) {
	return standardwebhooks.NewWebhook(secret)
}

type server struct{ s *Service }

// ReceivePayment implements StrictServerInterface.
func (h server) ReceivePayment(c context.Context, r ReceivePaymentRequestObject) (ReceivePaymentResponseObject, error) {
	if !h.signed(c, r.Params) {
		return nil, errs.New(errs.Unauthenticated, "payment.signature")
	}
	if err := web.CheckBody(c); err != nil {
		return nil, err
	}
	d := r.Body.Data
	p := Payment{OrderID: d.OrderId.Int64(), Ref: d.PaymentId, WebhookID: *r.Params.WebhookId, Amount: d.Amount, Currency: d.Currency, PaidAt: h.s.now()}
	if d.PaidAt != nil {
		p.PaidAt = *d.PaidAt
	}
	if len(p.WebhookID) > 100 {
		return nil, errs.New(errs.Invalid, "request.invalid").At("/header/webhook-id", "field.max_length")
	}
	state, err := h.s.Record(web.Context(c), p)
	if err != nil {
		return nil, err
	}
	return ReceivePayment200JSONResponse{OrderId: strconv.FormatInt(p.OrderID, 10), State: PaymentReceiptState(state)}, nil
}

func (h server) signed(c context.Context, p ReceivePaymentParams) bool {
	if p.WebhookId == nil || p.WebhookTimestamp == nil || p.WebhookSignature == nil {
		return false
	}
	headers := http.Header{}
	headers.Set(standardwebhooks.HeaderWebhookID, *p.WebhookId)
	headers.Set(standardwebhooks.HeaderWebhookTimestamp, *p.WebhookTimestamp)
	headers.Set(standardwebhooks.HeaderWebhookSignature, *p.WebhookSignature)
	for _, v := range h.s.verifiers {
		if v.Verify(web.RawBody(c), headers) == nil {
			return true
		}
	}
	return false
}
