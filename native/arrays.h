// NumPy arrays as the kernels need them: what an array must be is said in full before it is used.

#pragma once

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
// NumPy's table of functions: bind.cpp fills it, and all else of it here is inline.
#include <numpy/arrayobject.h>

#include <initializer_list>
#include <string>

namespace glassgate {

namespace nb = nanobind;

template <class T>
struct Kind;
template <>
struct Kind<float> {
  static constexpr int number = NPY_FLOAT32;
  static constexpr const char* name = "float32";
};
template <>
struct Kind<double> {
  static constexpr int number = NPY_FLOAT64;
  static constexpr const char* name = "float64";
};
template <>
struct Kind<int64_t> {
  static constexpr int number = NPY_INT64;
  static constexpr const char* name = "int64";
};
template <>
struct Kind<unsigned char> {
  static constexpr int number = NPY_BOOL;
  static constexpr const char* name = "bool";
};

inline std::string in_words(const npy_intp* sizes, int axes) {
  std::string words = "(";
  for (int i = 0; i < axes; ++i) words += (i ? ", " : "") + std::to_string(sizes[i]);
  return words + (axes == 1 ? ",)" : ")");
}

[[noreturn]] inline void wrong_shape(const char* name, PyArrayObject* array,
                                     std::initializer_list<npy_intp> shape) {
  std::string text = std::string(name) + " must have shape " +
                     in_words(shape.begin(), int(shape.size())) + ", got " +
                     in_words(PyArray_DIMS(array), PyArray_NDIM(array));
  throw nb::value_error(text.c_str());
}

[[noreturn]] inline void wrong_kind(const char* name, const char* expected, const char* came) {
  throw nb::type_error((std::string(name) + " must be " + expected + ", got " + came).c_str());
}

// An array of T in C order, aligned, in this machine's byte order.
template <class T>
PyArrayObject* array_of(const char* name, nb::handle object) {
  if (!PyArray_Check(object.ptr()))
    wrong_kind(name, "a NumPy array", Py_TYPE(object.ptr())->tp_name);
  auto* array = reinterpret_cast<PyArrayObject*>(object.ptr());
  if (PyArray_TYPE(array) != Kind<T>::number || PyArray_ISBYTESWAPPED(array)) {
    nb::str came(nb::handle(reinterpret_cast<PyObject*>(PyArray_DESCR(array))));
    wrong_kind(name, Kind<T>::name, came.c_str());
  }
  if (!PyArray_IS_C_CONTIGUOUS(array))
    throw nb::value_error((std::string(name) + " must be contiguous in C order, got strides " +
                           in_words(PyArray_STRIDES(array), PyArray_NDIM(array)))
                              .c_str());
  if (!PyArray_ISALIGNED(array))
    throw nb::value_error((std::string(name) + " must be aligned, got an odd address").c_str());
  return array;
}

template <class T>
const T* read_array(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  PyArrayObject* array = array_of<T>(name, object);
  bool fits = PyArray_NDIM(array) == int(shape.size());
  for (int i = 0; fits && i < int(shape.size()); ++i)
    fits = PyArray_DIM(array, i) == shape.begin()[i];
  if (!fits) wrong_shape(name, array, shape);
  return static_cast<const T*>(PyArray_DATA(array));
}

template <class T>
T* write_array(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  const T* data = read_array<T>(name, object, shape);
  if (!PyArray_ISWRITEABLE(reinterpret_cast<PyArrayObject*>(object.ptr())))
    throw nb::value_error((std::string(name) + " must be writeable, got a read-only array").c_str());
  return const_cast<T*>(data);
}

// None gives null.
template <class T>
const T* read_or_null(const char* name, nb::handle object,
                      std::initializer_list<npy_intp> shape) {
  return object.is_none() ? nullptr : read_array<T>(name, object, shape);
}

template <class T>
T* write_or_null(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  return object.is_none() ? nullptr : write_array<T>(name, object, shape);
}

}  // namespace glassgate
