package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// globalParcel is an official cross-border parcel: the overseas leg of one or more orders of a buyer.
type globalParcel struct {
	ID     int64        `json:"id"`
	App    string       `json:"app"`
	MailNo string       `json:"mailNo"`
	Orders []int64      `json:"orders"`
	Steps  []globalStep `json:"steps"`
}

type globalStep struct {
	Stage     int       `json:"stage"` // index of globalStages
	At        time.Time `json:"at"`
	Exception string    `json:"exception,omitempty"`
}

// globalStages are the stations of the overseas leg. The platform's own numbers are known from one example only (900 and 900100).
var globalStages = []struct {
	code, name, text, kind string
	transport              int
}{
	{"CREATED", "包裹已创建", "跨境包裹已创建，等待入库", "EXTERNAL", 100},
	{"WAREHOUSE_IN", "入库", "包裹已入集运仓", "WAREHOUSE", 200},
	{"WAREHOUSE_OUT", "出库", "包裹已从集运仓发出", "WAREHOUSE", 300},
	{"EXPORT", "出口清关", "出口清关完成", "EXTERNAL", 400},
	{"LINEHAUL", "干线运输", "国际干线运输中", "EXTERNAL", 500},
	{"IMPORT", "进口清关", "目的国清关完成", "EXTERNAL", 600},
	{"LAST_MILE", "末端揽收", "末端承运商已揽收", "EXTERNAL", 700},
	{"DELIVERING", "派送", "包裹正在派送中", "EXTERNAL", 800},
	{"SIGN", "签收", "包裹已签收", "EXTERNAL", 900},
}

const globalCarrier = "CAINIAO_GLOBAL"

func (g *globalParcel) stage() int { return g.Steps[len(g.Steps)-1].Stage }

// globalOf finds the cross-border parcel of an order.
func (s *Server) globalOf(id int64) *globalParcel {
	for _, g := range slices.Backward(s.globals) {
		if slices.Contains(g.Orders, id) {
			return g
		}
	}
	return nil
}

// keepGlobal stores a new or replayed parcel.
func (s *Server) keepGlobal(g *globalParcel) {
	if i := slices.IndexFunc(s.globals, func(old *globalParcel) bool { return old.ID == g.ID }); i >= 0 {
		s.globals[i] = g
		return
	}
	s.globals = append(s.globals, g)
}

// globalStep adds a step and tells the subscribers.
func (s *Server) globalStep(g *globalParcel, stage int, exception string) {
	g.Steps = append(g.Steps, globalStep{stage, s.now(), exception})
	s.keepGlobal(g)
	if !slices.Contains(s.dirty.Globals, g) {
		s.dirty.Globals = append(s.dirty.Globals, g)
	}
	st := globalStages[stage]
	s.emit(g.App, "LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE", itoa(g.ID), obj{
		"packageId": g.ID, "buyerUserId": s.apps[g.App].buyer.userID, "stageType": st.kind, "mailNo": g.MailNo, "carrierPartnerCode": globalCarrier,
		"transportStatus": st.transport, "warehouseStatus": st.transport*1000 + 100, "actionTime": s.now().UnixMilli(), "tradeOrderIds": g.Orders,
	})
}

// actGlobalShip puts the order, and others of the same buyer named in orders, into one cross-border parcel.
func (s *Server) actGlobalShip(o *order, in *actionBody) error {
	list := []*order{o}
	for _, id := range in.Orders {
		n, _ := num(id).int()
		other := s.orders[n]
		if other == nil || other.App != o.App {
			return controlError{http.StatusNotFound, fmt.Sprintf("no order %s of the same buyer", id)}
		}
		if !slices.Contains(list, other) {
			list = append(list, other)
		}
	}
	if s.apps[o.App] == nil {
		return controlError{http.StatusNotFound, "the app of this order is not configured"}
	}
	g := &globalParcel{ID: 688_000_000_001 + int64(len(s.globals)), App: o.App}
	g.MailNo = or(in.BillNo, "1688G"+itoa(g.ID%10_000_000+10_000_000)+"CN")
	for _, one := range list {
		if len(one.Parcels) == 0 {
			return moveError{one.Status, "leave the country: it has no parcel yet"}
		}
		if s.globalOf(one.ID) != nil {
			return controlError{http.StatusConflict, "order " + itoa(one.ID) + " is in a cross-border parcel already"}
		}
		g.Orders = append(g.Orders, one.ID)
	}
	s.globalStep(g, 0, "")
	return nil
}

// actGlobalMove takes the next step, or with a reason reports a problem at the present one.
func (s *Server) actGlobalMove(o *order, in *actionBody) error {
	g := s.globalOf(o.ID)
	switch {
	case g == nil || s.apps[g.App] == nil:
		return moveError{o.Status, "move a cross-border parcel: there is none"}
	case g.stage() == len(globalStages)-1:
		return controlError{http.StatusConflict, "the cross-border parcel is signed"}
	case len(g.Steps) >= maxSteps:
		return controlError{http.StatusConflict, "the cross-border parcel has too many steps"}
	case in.Reason != "":
		s.globalStep(g, g.stage(), in.Reason)
	default:
		s.globalStep(g, g.stage()+1, "")
	}
	return nil
}

// crossFulfilment is the overseas leg in the answer of the trace API; null without one.
func (s *Server) crossFulfilment(o *order) any {
	g := s.globalOf(o.ID)
	if g == nil || s.apps[g.App] == nil {
		return nil
	}
	user, steps := itoa(s.apps[g.App].buyer.userID), []obj{}
	for _, st := range g.Steps {
		at := globalStages[st.Stage]
		step := obj{
			"buyerUserId": user, "carrierPartnerCode": globalCarrier, "outTraceNodeCode": at.code, "opCode": itoa(int64(at.transport)),
			"nodeActionTime": plainTime(st.At), "nodeDetail": at.text, "stageType": at.kind,
			"traceNode": obj{"traceNodeName": at.name, "traceNodeCode": at.code}, "traceException": nil,
		}
		if st.Exception != "" {
			step["traceException"] = obj{"exceptionCode": "EXCEPTION", "traceNodeCode": at.code, "exceptionDesc": st.Exception}
		}
		steps = append(steps, step)
	}
	return []obj{{"crossMailNo": g.MailNo, "orderId": itoa(o.ID), "crossPackageTraceDTOList": steps}}
}
