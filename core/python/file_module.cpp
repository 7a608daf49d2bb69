// What the model files' reader and writer are fast with.
#include "core/python/file_module.h"

#include <cerrno>

#include "core/base/file_io.h"

namespace rl::python {
namespace {

// The memory of a Python object for the time of one call.
class Buffer {
 public:
  Buffer(PyObject* o, int flags) {
    if (PyObject_GetBuffer(o, &view_, flags) < 0) throw PythonError();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::byte* data() const { return static_cast<std::byte*>(view_.buf); }
  size_t size() const { return static_cast<size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

void check(int error) {
  if (!error) return;
  errno = error;
  PyErr_SetFromErrno(PyExc_OSError);
  throw PythonError();
}

PyObject* crc32_py(PyObject*, PyObject* data) {
  return guarded([&] {
    const Buffer bytes(data, PyBUF_SIMPLE);
    uint32_t crc;
    {
      const GilRelease gil;
      crc = crc32_of(bytes.data(), bytes.size());
    }
    return PyLong_FromUnsignedLong(crc);
  });
}

PyObject* read_file_py(PyObject*, PyObject* args) {
  int file;
  unsigned long long offset;
  PyObject* target;
  if (!PyArg_ParseTuple(args, "iKO", &file, &offset, &target)) return nullptr;
  return guarded([&] {
    const Buffer bytes(target, PyBUF_WRITABLE);
    Transfer moved;
    {
      const GilRelease gil;
      moved = read_file(file, offset, bytes.data(), bytes.size());
    }
    check(moved.error);
    return Py_BuildValue("nk", static_cast<Py_ssize_t>(moved.done),
                         static_cast<unsigned long>(moved.crc));
  });
}

PyObject* write_file_py(PyObject*, PyObject* args) {
  int file;
  unsigned long long offset;
  PyObject* source;
  if (!PyArg_ParseTuple(args, "iKO", &file, &offset, &source)) return nullptr;
  return guarded([&] {
    const Buffer bytes(source, PyBUF_SIMPLE);
    Transfer moved;
    {
      const GilRelease gil;
      moved = write_file(file, offset, bytes.data(), bytes.size());
    }
    check(moved.error);
    return PyLong_FromUnsignedLong(moved.crc);
  });
}

PyObject* reserve_file_py(PyObject*, PyObject* args) {
  int file;
  unsigned long long size;
  if (!PyArg_ParseTuple(args, "iK", &file, &size)) return nullptr;
  return guarded([&] {
    int error;
    {
      const GilRelease gil;
      error = reserve_file(file, size);
    }
    check(error);
    return Py_NewRef(Py_None);
  });
}

PyObject* start_writeback_py(PyObject*, PyObject* args) {
  int file;
  unsigned long long offset, size;
  if (!PyArg_ParseTuple(args, "iKK", &file, &offset, &size)) return nullptr;
  return guarded([&] {
    int error;
    {
      const GilRelease gil;
      error = start_writeback(file, offset, size);
    }
    check(error);
    return Py_NewRef(Py_None);
  });
}

PyMethodDef methods[] = {
    {"crc32", crc32_py, METH_O, "The zip checksum of a buffer."},
    {"read_file", read_file_py, METH_VARARGS,
     "read_file(fd, offset, buffer): fills the buffer by several threads; returns how many bytes "
     "there were and their zip checksum."},
    {"write_file", write_file_py, METH_VARARGS,
     "write_file(fd, offset, buffer): writes the buffer; returns its zip checksum."},
    {"reserve_file", reserve_file_py, METH_VARARGS,
     "reserve_file(fd, size): makes room on the disk; OSError if there is not enough."},
    {"start_writeback", start_writeback_py, METH_VARARGS,
     "start_writeback(fd, offset, size): lets the disk begin with what was written."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_files(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
