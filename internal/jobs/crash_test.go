package jobs

const childVar = "X_CHILD"

func child() {}
