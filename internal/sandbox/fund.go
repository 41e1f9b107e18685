package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// What paying can come to, in the words of ORDER_BATCH_PAY.
const (
	payDone      = "successed"
	payNoBalance = "ACCOUNT_BALANCE_NOT_ENOUGH"
	payNoAccount = "ACCOUNT_NOT_EXIST"
	payFrozen    = "ACCOUNT_FROZEN"
	payIllegal   = "PARAM_ILLEGAL" // the order cannot be paid, whatever the account holds
)

// Pay channels as orders keep them.
const (
	byAlipay   = "alipay"
	byCredit   = "shegou"
	byCross    = "kjpayV2"
	byCombined = "combined"
)

var channelNames = map[string]string{byAlipay: "支付宝", byCredit: "诚e赊", byCross: "跨境宝", byCombined: "合并支付"}

// funds is the paying account behind every buyer of this sandbox. It is a knob for tests, not a ledger: the control API's own pay action does not touch it.
type funds struct {
	Balance int64 `json:"balanceFen"` // Alipay and cross-border pay
	Credit  int64 `json:"creditFen"`  // credit pay
	Frozen  bool  `json:"frozen"`
	Missing bool  `json:"missing"`      // there is no such account
	Alipay  bool  `json:"alipaySigned"` // password-free agreements
	Shegou  bool  `json:"shegouSigned"`
}

// plenty is what the account holds unless told: ten trillion yuan.
const plenty = 1_000_000_000_000_000

// fundState is the part of the state that payments and carriers keep.
type fundState struct {
	funds        funds
	carrierRules carrierRules
	globals      []*globalParcel
}

func newFundState() fundState {
	return fundState{funds: funds{Balance: plenty, Credit: plenty, Alipay: true}}
}

// orderFunds is what payments and carriers note on an order.
type orderFunds struct {
	PayRequest  string    `json:"payRequest,omitempty"`  // opRequestId that paid it
	PaySelected string    `json:"paySelected,omitempty"` // preSelectPayChannel of its creation
	Invitation  bool      `json:"invitation,omitempty"`  // made by the seller, without a buyer address
	Encrypted   bool      `json:"encrypted,omitempty"`   // made with encryptOutOrderInfo
	Urged       time.Time `json:"urged,omitzero"`
	Debited     int64     `json:"debited,omitempty"` // fen that came out of the account and did not go back
}

// fundEntry is the journal's part of it.
type fundEntry struct {
	Funds        *funds          `json:"funds,omitempty"`
	CarrierRules *carrierRules   `json:"carrierRules,omitempty"`
	Globals      []*globalParcel `json:"globals,omitempty"`
}

func (s *Server) saveFunds(put func(entry)) {
	f, r := s.funds, s.carrierRules
	put(entry{fundEntry: fundEntry{Funds: &f, CarrierRules: &r, Globals: s.globals}})
}

func (s *Server) replayFunds(e *fundEntry) {
	if e.Funds != nil {
		s.funds = *e.Funds
	}
	if e.CarrierRules != nil {
		s.carrierRules = *e.CarrierRules
	}
	for _, g := range e.Globals {
		s.keepGlobal(g)
	}
}

// afford tells whether the account can pay, and what would be left.
func (f funds) afford(channel string, fen int64) (string, funds) {
	switch {
	case f.Missing:
		return payNoAccount, f
	case f.Frozen:
		return payFrozen, f
	case channel == byCredit:
		f.Credit -= fen
	case channel == byCombined && f.Balance < fen:
		f.Balance, f.Credit = 0, f.Credit-(fen-f.Balance)
	default:
		f.Balance -= fen
	}
	if f.Balance < 0 || f.Credit < 0 {
		return payNoBalance, f
	}
	return payDone, f
}

// debit pays an order out of the account: both move or neither. The caller holds mu.
func (s *Server) debit(o *order, channel string) string {
	fen := o.owed()
	outcome, left := s.funds.afford(channel, fen)
	if !o.unpaid() || !s.now().Before(payUntil(o)) {
		return payIllegal
	}
	if outcome != payDone {
		return outcome
	}
	if err := s.pay(o, channel); err != nil {
		return payIllegal
	}
	o.Debited += fen
	s.keepDirty(o)
	s.setFunds(left)
	return payDone
}

// moneyBack returns refunded money to where it came from: as much of it as the account had paid. The caller holds mu.
func (s *Server) moneyBack(o *order, fen int64) {
	fen = min(fen, o.Debited)
	if fen <= 0 {
		return
	}
	o.Debited -= fen
	s.keepDirty(o)
	f := s.funds
	if o.PayChannel == byCredit {
		f.Credit = min(f.Credit+fen, plenty)
	} else {
		f.Balance = min(f.Balance+fen, plenty)
	}
	s.setFunds(f)
}

func (s *Server) setFunds(f funds) {
	s.funds = f
	s.dirty.Funds = &f
}

// keepDirty journals an order whose change is no news to the buyer: the modify time stays. The caller holds mu.
func (s *Server) keepDirty(o *order) {
	if o.change != s.changes {
		o.change = s.changes
		s.dirty.Orders = append(s.dirty.Orders, o)
	}
}

// crossPayable tells whether cross-border pay takes all goods of the order.
func (s *Server) crossPayable(o *order) bool {
	return !slices.ContainsFunc(o.Lines, func(l orderLine) bool {
		of := s.cat.Load().find(l.Offer)
		return of != nil && of.homeOnly()
	})
}

// homeOnly offers cannot be paid by cross-border pay.
func (o *offer) homeOnly() bool { return o.h>>20%37 == 5 }

// payUntil is the last moment to pay an order.
func payUntil(o *order) time.Time {
	if st := o.nextStep(); st != nil {
		return st.Until
	}
	return o.Created.Add(payTimeout)
}

func (s *Server) showFunds(*http.Request, []byte) (any, error) { return s.funds, nil }

// postFunds changes what is named and leaves the rest.
func (s *Server) postFunds(_ *http.Request, body []byte) (any, error) {
	f := s.funds
	if err := read(body, &f); err != nil {
		return nil, err
	}
	if f.Balance < 0 || f.Credit < 0 || f.Balance > plenty || f.Credit > plenty {
		return nil, errors.New("balanceFen and creditFen are 0 to 1000000000000000")
	}
	s.setFunds(f)
	return f, nil
}

// fundActions is what the seller can do about payment beside changing the price.
func fundActions() []orderAction {
	return []orderAction{{"invite", "Becomes an invitation order", []string{waitPay}, (*Server).actInvite}}
}

// actInvite turns the order into one the seller made for a buyer who has given no address: it cannot be in a batch payment.
func (s *Server) actInvite(o *order, _ *actionBody) error {
	if err := o.from("become an invitation order", waitPay); err != nil {
		return err
	}
	o.Invitation = true
	s.touch(o)
	return nil
}
