// The same from C++, with a model that is in memory: classify model.onnx a.png
#include <svertka/svertka.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <vector>

template <class T>
using owner = std::unique_ptr<T, void (*)(T *)>;

static void check(sv_status status) {
  if (status != SV_OK) throw std::runtime_error(sv_error());
}

int main(int argc, char **argv) try {
  if (argc != 3) throw std::runtime_error("classify MODEL IMAGE");
  std::ifstream file(argv[1], std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  sv_model *model = nullptr;
  check(sv_model_load_memory(&model, bytes.data(), bytes.size()));
  owner<sv_model> owns_model(model, sv_model_free);
  sv_classifier *classifier = nullptr;
  check(sv_classifier_new(&classifier, model, 0));
  owner<sv_classifier> owns_classifier(classifier, sv_classifier_free);
  sv_image image{};
  check(sv_image_read(&image, argv[2]));
  owner<sv_image> owns_pixels(&image, sv_image_free);
  const float *p = nullptr;
  int best = 0;
  check(sv_classify_image(classifier, &image, &p));
  sv_classifier_top(classifier, 1, &best);
  std::cout << sv_classifier_label(classifier, best) << " " << p[best] << "\n";
} catch (const std::exception &e) {
  return std::cerr << e.what() << "\n", 1;
}
