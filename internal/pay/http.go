package pay

import (
	"context"
	"net/http"
	"strconv"

	"entrepot/internal/errs"
	"entrepot/internal/web"

	"github.com/gin-gonic/gin"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Routes registers the payment callback.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	return srv.Shortcut("receivePayment", s.turnAway)
}

// turnAway answers callbacks that are not signed, or not what the contract asks for, in front of the generated binding:
// whoever may not speak is told nothing about the body, and whoever may learns which field is wrong.
func (s *Service) turnAway(c *gin.Context) bool {
	if !s.signed(web.RawBody(c), c.Request.Header) {
		web.Render(c, errs.New(errs.Unauthenticated, "payment.signature"))
		return true
	}
	if err := web.CheckBody(c); err != nil {
		web.Render(c, err)
		return true
	}
	return false
}

// verifier checks a Standard Webhooks signature within its five-minute window.
type verifier interface {
	Verify(payload []byte, headers http.Header) error
}

func newVerifier(secret string) (verifier, error) {
	return standardwebhooks.NewWebhook(secret)
}

type server struct{ s *Service }

// ReceivePayment implements StrictServerInterface. turnAway has checked signature and body.
func (h server) ReceivePayment(c context.Context, r ReceivePaymentRequestObject) (ReceivePaymentResponseObject, error) {
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

// signed: the library wants all three headers.
func (s *Service) signed(body []byte, headers http.Header) bool {
	for _, v := range s.verifiers {
		if v.Verify(body, headers) == nil {
			return true
		}
	}
	return false
}
