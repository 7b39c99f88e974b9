// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/svg_plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fsshare::bench {

namespace {

// In pixels.
constexpr double panel_width = 300;
constexpr double panel_height = 240;
constexpr double left = 60;
constexpr double right = 15;
constexpr double top = 30;
constexpr double bottom = 45;

/// Powers of ten that enclose some numbers.
struct decades {
  int first = 0;
  int last = 1;
};

template <class Member>
decades decades_of(const plot& what, Member member) {
  decades out{1000, -1000};
  for (const auto& point : what.points) {
    const auto exponent = std::log10(point.*member);
    // A point at a power of ten is no reason for one more decade.
    constexpr double nearly = 1e-9;
    out.first
      = std::min(out.first, static_cast<int>(std::floor(exponent + nearly)));
    out.last
      = std::max(out.last, static_cast<int>(std::ceil(exponent - nearly)));
  }
  if (what.points.empty())
    return {};
  out.last = std::max(out.last, out.first + 1);
  return out;
}

std::string number_text(double number) {
  char out[32] = {};
  std::snprintf(out, sizeof out, "%.6g", number);
  return out;
}

std::string text_at(double x, double y, const char* anchor,
                    const std::string& text) {
  return "<text x=\"" + number_text(x) + "\" y=\"" + number_text(y)
         + "\" text-anchor=\"" + anchor + "\">" + text + "</text>\n";
}

std::string line_from(double x, double y, double to_x, double to_y,
                      const char* style) {
  return "<line x1=\"" + number_text(x) + "\" y1=\"" + number_text(y)
         + "\" x2=\"" + number_text(to_x) + "\" y2=\"" + number_text(to_y)
         + "\" class=\"" + style + "\"/>\n";
}

/// One plot at its place in the document.
class panel {
public:
  panel(const plot& what, double x, double y)
    : what_(what), x_(x), y_(y),
      across_(decades_of(what, &std::pair<double, double>::first)),
      up_(decades_of(what, &std::pair<double, double>::second)) {
  }

  std::string draw() const {
    return axes() + slope() + curve();
  }

private:
  double at_x(double exponent) const {
    return x_ + left
           + (exponent - across_.first) / (across_.last - across_.first)
               * (panel_width - left - right);
  }
  double at_y(double exponent) const {
    return y_ + panel_height - bottom
           - (exponent - up_.first) / (up_.last - up_.first)
               * (panel_height - top - bottom);
  }

  std::string axes() const {
    std::string out;
    for (int n = across_.first; n <= across_.last; ++n)
      out
        += line_from(at_x(n), at_y(up_.first), at_x(n), at_y(up_.last), "grid")
           + text_at(at_x(n), at_y(up_.first) + 15, "middle",
                     number_text(std::pow(10, n)));
    for (int n = up_.first; n <= up_.last; ++n)
      out += line_from(at_x(across_.first), at_y(n), at_x(across_.last),
                       at_y(n), "grid")
             + text_at(at_x(across_.first) - 5, at_y(n) + 4, "end",
                       number_text(std::pow(10, n)));
    return out
           + text_at(at_x((across_.first + across_.last) / 2.0),
                     y_ + panel_height - 8, "middle", what_.x_label)
           + text_at(x_ + left, y_ + 18, "start", what_.y_label);
  }

  /// Linear growth from the last point back.
  std::string slope() const {
    if (what_.points.empty())
      return {};
    const auto x = std::log10(what_.points.back().first);
    const auto y = std::log10(what_.points.back().second);
    const auto back = std::min(x - across_.first, y - up_.first);
    return line_from(at_x(x), at_y(y), at_x(x - back), at_y(y - back),
                     "linear");
  }

  std::string curve() const {
    std::string corners;
    std::string dots;
    for (const auto& [x, y] : what_.points) {
      const auto px = number_text(at_x(std::log10(x)));
      const auto py = number_text(at_y(std::log10(y)));
      corners.append(corners.empty() ? "" : " ").append(px).append(",");
      corners.append(py);
      dots.append("<circle cx=\"").append(px).append("\" cy=\"").append(py);
      dots.append("\" r=\"3\"/>\n");
    }
    return "<polyline points=\"" + corners + "\" class=\"curve\"/>\n" + dots;
  }

  const plot& what_;
  double x_;
  double y_;
  decades across_;
  decades up_;
};

} // namespace

std::string to_svg(const std::vector<plot>& plots, std::size_t columns) {
  const auto rows = (plots.size() + columns - 1) / columns;
  const auto width = number_text(panel_width * static_cast<double>(columns));
  const auto height = number_text(panel_height * static_cast<double>(rows));
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width
                    + "\" height=\"" + height
                    + "\" font-family=\"sans-serif\" font-size=\"11\">\n"
                      "<style>.grid{stroke:#ddd}.linear{stroke:#999;"
                      "stroke-dasharray:4 4}.curve{fill:none;stroke:#06c;"
                      "stroke-width:2}circle{fill:#06c}</style>\n"
                      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  for (std::size_t n = 0; n < plots.size(); ++n) {
    const auto row = n / columns;
    out += panel{plots[n], panel_width * static_cast<double>(n % columns),
                 panel_height * static_cast<double>(row)}
             .draw();
  }
  return out + "</svg>\n";
}

double growth_of(const std::vector<std::pair<double, double>>& points) {
  if (points.size() < 2)
    return 0;
  const auto count = static_cast<double>(points.size());
  double sum_x = 0;
  double sum_y = 0;
  double sum_xx = 0;
  double sum_xy = 0;
  for (const auto& [x, y] : points) {
    const auto log_x = std::log10(x);
    const auto log_y = std::log10(y);
    sum_x += log_x;
    sum_y += log_y;
    sum_xx += log_x * log_x;
    sum_xy += log_x * log_y;
  }
  const auto spread = count * sum_xx - sum_x * sum_x;
  return spread > 0 ? (count * sum_xy - sum_x * sum_y) / spread : 0;
}

} // namespace fsshare::bench
