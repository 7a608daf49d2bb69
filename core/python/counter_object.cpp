// OpCounter: counts operator calls by name, a client of the interceptor hook.
#include "core/python/counter_object.h"

#include <chrono>
#include <map>
#include <string>

#include "core/op/call.h"

namespace rl::python {
namespace {

struct Count {
  int64_t calls = 0;
  int64_t nanoseconds = 0;
};

class Counter final : public Interceptor {
 public:
  void intercept(Call& call, void (*next)(Call&)) override {
    const auto start = std::chrono::steady_clock::now();
    next(call);
    Count& c = counts[call.op.name];
    ++c.calls;
    c.nanoseconds += std::chrono::duration_cast<std::chrono::nanoseconds>(
                         std::chrono::steady_clock::now() - start)
                         .count();
  }
  std::map<std::string, Count> counts;
};

struct CounterObject {
  PyObject_HEAD Counter* counter;
  bool active;
};

PyTypeObject* counter_type;
CounterObject* self_of(PyObject* o) { return reinterpret_cast<CounterObject*>(o); }

PyObject* counter_new(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* o = type->tp_alloc(type, 0);
  if (o) self_of(o)->counter = new Counter;
  return o;
}

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (self_of(o)->active) pop_interceptor(*self_of(o)->counter);
  delete self_of(o)->counter;
  type->tp_free(o);
  Py_DECREF(type);
}

PyObject* enter(PyObject* o, PyObject*) {
  return guarded([&] {
    RL_CHECK(!self_of(o)->active, "OpCounter is already counting");
    push_interceptor(*self_of(o)->counter);
    self_of(o)->active = true;
    return Py_NewRef(o);
  });
}

PyObject* leave(PyObject* o, PyObject*) {
  if (self_of(o)->active) pop_interceptor(*self_of(o)->counter);
  self_of(o)->active = false;
  Py_RETURN_NONE;
}

PyObject* table(PyObject* o, int64_t Count::*field) {
  Object out(PyDict_New());
  for (const auto& [name, count] : self_of(o)->counter->counts) {
    const Object n(PyLong_FromLongLong(count.*field));
    PyDict_SetItemString(out.get(), name.c_str(), n.get());
  }
  return out.release();
}
PyObject* get_counts(PyObject* o, void*) { return table(o, &Count::calls); }
PyObject* get_times(PyObject* o, void*) { return table(o, &Count::nanoseconds); }

PyMethodDef methods[] = {{"__enter__", enter, METH_NOARGS, "Starts counting on this thread."},
                         {"__exit__", leave, METH_VARARGS, "Stops counting."},
                         {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {
    {"counts", get_counts, nullptr, "Calls by operator name.", nullptr},
    {"nanoseconds", get_times, nullptr, "Time by operator name, inner calls included.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(counter_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_doc,
     const_cast<char*>("Counts and times operator calls of this thread in a with block.")},
    {0, nullptr}};
PyType_Spec spec = {"rushlight._C.OpCounter", sizeof(CounterObject), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

void init_counter(PyObject* module) { counter_type = add_type(module, spec, "_OpCounter"); }

}  // namespace rl::python
