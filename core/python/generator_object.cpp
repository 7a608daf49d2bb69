// rushlight.Generator.
#include "core/python/generator_object.h"

#include <utility>

#include "core/base/thread_generator.h"
#include "core/ops/ops.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct GeneratorObject {
  PyObject_HEAD Generator* generator;
  bool owned;  // false for the default generator
};

PyTypeObject* generator_type;

Generator& self_of(PyObject* o) { return *reinterpret_cast<GeneratorObject*>(o)->generator; }

PyObject* make(Generator* generator, bool owned) {
  auto* o = PyObject_New(GeneratorObject, generator_type);
  if (!o) throw PythonError();
  o->generator = generator;
  o->owned = owned;
  return reinterpret_cast<PyObject*>(o);
}

PyObject* generator_new(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"device", nullptr};
  PyObject* device = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", const_cast<char**>(names), &device))
    return nullptr;
  return guarded([&] {
    Device d;
    RL_CHECK_TYPE(!device || device == Py_None || unwrap_device(device, d),
                  "Generator() expects a device");
    RL_CHECK(d.is_cpu(), "Device type ", d.type_name(),
             " is not supported for torch.Generator() api.");
    return make(new Generator, true);
  });
}

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (reinterpret_cast<GeneratorObject*>(o)->owned) delete &self_of(o);
  type->tp_free(o);
  Py_DECREF(type);
}

// Negative seeds count back from 2^64, as in PyTorch.
uint64_t seed_from(PyObject* o) {
  RL_CHECK(PyIndex_Check(o), "manual_seed expected a long, but got ", Py_TYPE(o)->tp_name);
  const Object number(checked(PyNumber_Index(o)));
  const unsigned long long positive = PyLong_AsUnsignedLongLong(number.get());
  if (!PyErr_Occurred()) return positive;
  PyErr_Clear();
  const long long negative = PyLong_AsLongLong(number.get());
  if (PyErr_Occurred()) {
    PyErr_Clear();
    fail(ErrorType::Value, "Overflow when unpacking long long");
  }
  return static_cast<uint64_t>(negative);
}

PyObject* manual_seed(PyObject* o, PyObject* seed) {
  return guarded([&] {
    self_of(o).manual_seed(seed_from(seed));
    return Py_NewRef(o);
  });
}
PyObject* seed(PyObject* o, PyObject*) { return PyLong_FromUnsignedLongLong(self_of(o).seed()); }
PyObject* initial_seed(PyObject* o, PyObject*) {
  return PyLong_FromUnsignedLongLong(self_of(o).initial_seed());
}
PyObject* get_state(PyObject* o, PyObject*) {
  return guarded([&] {
    const Generator::State state = self_of(o).state();
    const int64_t n = static_cast<int64_t>(state.size());
    const Tensor t = empty(IntList(&n, 1), Dtype::UInt8);
    std::copy(state.begin(), state.end(), t.data<uint8_t>());
    return wrap(t);
  });
}
PyObject* set_state(PyObject* o, PyObject* state) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(is_tensor(state), "expected a torch.ByteTensor, but got ",
                  Py_TYPE(state)->tp_name);
    const Tensor& t = unwrap(state);
    RL_CHECK_TYPE(t.dtype() == Dtype::UInt8, "RNG state must be a torch.ByteTensor");
    const Tensor flat = as_contiguous(t);
    self_of(o).set_state({flat.data<uint8_t>(), static_cast<size_t>(flat.numel())});
    return Py_NewRef(o);
  });
}
PyObject* clone_state(PyObject* o, PyObject*) {
  return guarded([&] { return make(new Generator(self_of(o)), true); });
}
// Pickles as its state.
PyObject* reduce(PyObject* o, PyObject*) {
  return guarded([&] {
    const Object module(checked(PyImport_ImportModule("rushlight.random")));
    const Object state(checked(get_state(o, nullptr)));
    return checked(Py_BuildValue(
        "N(O)", checked(PyObject_GetAttrString(module.get(), "_generator")), state.get()));
  });
}
PyObject* get_device(PyObject*, void*) { return wrap(Device{}); }

PyMethodDef methods[] = {
    {"manual_seed", manual_seed, METH_O,
     "manual_seed(seed): starts the stream of this seed; returns self."},
    {"seed", seed, METH_NOARGS, "Seeds from the operating system; returns the seed."},
    {"initial_seed", initial_seed, METH_NOARGS, "The seed the stream started from."},
    {"get_state", get_state, METH_NOARGS, "The state as a uint8 tensor of 5056 bytes."},
    {"set_state", set_state, METH_O, "set_state(state): continues from a saved state."},
    {"clone_state", clone_state, METH_NOARGS, "A generator that continues from the same place."},
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {{"device", get_device, nullptr, "Where the numbers are made.", nullptr},
                        {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(generator_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_doc, const_cast<char*>("Generator(device='cpu'): a stream of random numbers.")},
    {0, nullptr}};
PyType_Spec spec = {"rushlight.Generator", sizeof(GeneratorObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

// The object of this thread's own generator; a thread that sets one resets it before it ends.
thread_local PyObject* t_object = nullptr;

PyObject* set_thread(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(o == Py_None || is_generator(o),
                  "set_thread_generator: expected a Generator or None, got ", Py_TYPE(o)->tp_name);
    set_thread_generator(o == Py_None ? nullptr : unwrap_generator(o));
    Py_XDECREF(std::exchange(t_object, o == Py_None ? nullptr : Py_NewRef(o)));
    return Py_NewRef(Py_None);
  });
}
PyObject* current(PyObject* module, PyObject*) {
  if (t_object) return Py_NewRef(t_object);
  return PyObject_GetAttrString(module, "default_generator");
}

PyMethodDef functions[] = {
    {"set_thread_generator", set_thread, METH_O,
     "set_thread_generator(generator): what calls in this thread draw from that name none."},
    {"current_generator", current, METH_NOARGS,
     "What calls in this thread draw from that name no generator."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_generator(PyObject* module) {
  generator_type = add_type(module, spec, "Generator");
  const Object standard(make(&process_generator(), false));
  PyModule_AddObjectRef(module, "default_generator", standard.get());
  PyModule_AddFunctions(module, functions);
}

bool is_generator(PyObject* o) { return PyObject_TypeCheck(o, generator_type); }
Generator* unwrap_generator(PyObject* o) { return &self_of(o); }

}  // namespace rl::python
