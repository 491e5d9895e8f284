import functools, json, os, threading, time
from pulumi.dynamic import *
LIVE = os.environ["TRACE_LIVE"]
LOCK = threading.RLock()  # the provider process answers on four threads
HELD = set()  # objects that this process has created or adopted
def load(): return json.load(open(LIVE)) if os.path.exists(LIVE) else {}
def save(d):  # it appears whole, because other threads read it without the lock
    with open(f"{LIVE}.new", "w") as o: json.dump(d, o)
    os.replace(f"{LIVE}.new", LIVE)
def wait():  # recorded with 5 seconds of sleep; replayed until the file `go` is there
    while not os.path.exists(os.path.join(os.path.dirname(LIVE), "go")): time.sleep(0.02)
def logged(f):  # one line before and after each method: who did what when
    def line(phase, what):
        with LOCK, open(os.environ["TRACE_LOG"], "a") as o: print(json.dumps({"t": time.time(), "pid": os.getpid(), "method": f.__name__, "phase": phase, "what": what}), file=o)
    @functools.wraps(f)
    def g(self, *args):
        what = args[0] if isinstance(args[0], str) else args[-1].get("name")
        line("start", what)
        try: r = f(self, *args)
        except BaseException: line("raise", what); raise
        line("end", what)
        return r
    return g
class ThingProvider(ResourceProvider):
    serialize_as_secret_always = False
    @logged
    def check(self, olds, news):
        if news.get("value") == "bad": return CheckResult(news, [CheckFailure("value", "value must not be bad")])
        if news.get("stamp"): news = {**news, "stamped": load().get("stamp")}  # an input that check() adds by itself
        return CheckResult(news, [])
    @logged
    def diff(self, id, olds, news):
        r = ["project"] if olds.get("project") != news.get("project") else []
        return DiffResult(changes=bool(r) or olds.get("live") != news["value"], replaces=r, stables=[], delete_before_replace=news.get("dbr", True))
    @logged
    def create(self, props):
        from demo.fail import fail
        i = f"{props['project']}/{props['name']}"
        if load().get("deny-create") == i: raise RuntimeError("create refused")
        if props["value"] == "slow": wait()
        with LOCK: d = load(); d[i] = props["value"]; save(d); HELD.add(i)  # adopts an object that is there
        outs = {**props, "live": props["value"]}
        if props["value"] == "half": fail("half done", outs, i)
        return CreateResult(i, outs)
    @logged
    def update(self, id, olds, news):
        from demo.fail import fail
        if news["value"] == "half": fail("half done", {**news, "live": "?"}, id)
        if news["value"] == "boom": raise RuntimeError("boom")
        if news["value"] == "slow": wait()
        with LOCK: d = load(); d[id] = news["value"]; save(d); HELD.add(id)
        return UpdateResult({**news, "live": news["value"]})
    @logged
    def read(self, id, props):
        d = load()
        return ReadResult(id, {**props, "live": d[id]}) if id in d else ReadResult("", {})
    @logged
    def delete(self, id, props):
        if load().get("deny-delete") == id: raise RuntimeError("delete refused")
        if props.get("guard") and id in HELD: return  # another resource of this run holds the object now
        with LOCK: d = load(); d.pop(id, None); save(d)
