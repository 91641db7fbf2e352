#include "sandbox/moxie/program.h"

#include <algorithm>
#include <cstring>

#include "sandbox/moxie/elf.h"

namespace cosmoo::moxie {

namespace {

std::uint64_t page_floor(std::uint64_t address) { return address & ~std::uint64_t{kPage - 1}; }
std::uint64_t page_ceil(std::uint64_t address) { return page_floor(address + kPage - 1); }

}  // namespace

tl::expected<std::shared_ptr<const Program>, LoadError> Program::load(
    std::span<const std::uint8_t> elf) {
  auto file = parse_elf(elf);
  if (!file) return tl::unexpected(std::move(file.error()));
  std::shared_ptr<Program> program(new Program);
  program->entry_ = file->entry;
  program->segments_ = std::move(file->segments);
  program->lay_out();
  auto bytes = SharedBytes::copy(program->image(elf));
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  program->bytes_ = std::move(*bytes);
  for (const Segment& segment : program->segments_) {
    if (segment.access != Access::read_only || segment.file_length == 0) continue;
    for (const Extent& extent : program->filled_) {
      if (segment.start < extent.start || segment.start >= extent.end) continue;
      const std::size_t at = extent.offset + (segment.start - extent.start);
      auto code = Code::make(segment.start, {program->bytes_->data() + at, segment.file_length});
      if (code != nullptr) program->codes_.push_back(std::move(code));
    }
  }
  return program;
}

std::uint64_t Program::host_bytes() const {
  std::uint64_t bytes = bytes_->size();
  for (const auto& code : codes_) bytes += code->host_bytes();
  return bytes;
}

/// Which pages have bytes of the file, where these stand in the image, and which are zeros.
void Program::lay_out() {
  for (const Segment& segment : segments_) {
    if (segment.file_length == 0) continue;
    const std::uint64_t start = page_floor(segment.start);
    const std::uint64_t end = page_ceil(std::uint64_t{segment.start} + segment.file_length);
    if (!filled_.empty() && start <= filled_.back().end) {
      filled_.back().end = std::max(filled_.back().end, end);
    } else {
      filled_.push_back({start, end});
    }
  }
  std::size_t offset = 0;
  for (Extent& extent : filled_) {
    extent.offset = offset;
    offset += extent.end - extent.start;
  }
  std::uint64_t done = 0;  // All pages below have their extent.
  std::size_t next = 0;    // The first of filled_ that ends above.
  for (const Segment& segment : segments_) {
    done = std::max(done, page_floor(segment.start));
    const std::uint64_t end = page_ceil(segment.end());
    while (done < end) {
      while (next < filled_.size() && filled_[next].end <= done) ++next;
      const bool filled = next < filled_.size() && filled_[next].start <= done;
      std::uint64_t until = end;
      if (next < filled_.size()) {
        until = std::min(end, filled ? filled_[next].end : filled_[next].start);
      }
      if (!filled) zeros_.push_back({done, until});
      memory_bytes_ += until - done;
      done = until;
    }
  }
}

std::vector<std::uint8_t> Program::image(std::span<const std::uint8_t> elf) const {
  std::vector<std::uint8_t> image;
  if (!filled_.empty()) {
    const Extent& last = filled_.back();
    image.resize(last.offset + (last.end - last.start));
  }
  for (const Segment& segment : segments_) {
    for (const Extent& extent : filled_) {
      if (segment.file_length == 0 || segment.start < extent.start || segment.start >= extent.end) {
        continue;
      }
      std::memcpy(image.data() + extent.offset + (segment.start - extent.start),
                  elf.data() + segment.file_offset, segment.file_length);
    }
  }
  return image;
}

bool Program::map_into(Memory& memory) const {
  for (const Extent& extent : filled_) {
    if (!memory.map_bytes(static_cast<std::uint32_t>(extent.start), extent.end - extent.start,
                          *bytes_, extent.offset, Access::read_only)) {
      return false;
    }
  }
  for (const Extent& extent : zeros_) {
    if (!memory.map_zeros(static_cast<std::uint32_t>(extent.start), extent.end - extent.start,
                          Access::read_only)) {
      return false;
    }
  }
  for (const Segment& segment : segments_) {
    if (segment.access != Access::read_write) continue;
    const std::uint64_t start = page_floor(segment.start);
    memory.set_access(static_cast<std::uint32_t>(start), page_ceil(segment.end()) - start,
                      Access::read_write);
  }
  for (const Segment& segment : segments_) {
    if (segment.access == Access::read_only) memory.protect(segment.start, segment.end());
  }
  if (segments_.front().start < kPage) memory.hide_null(segments_.front().start);
  return true;
}

std::vector<const Code*> Program::codes() const {
  std::vector<const Code*> all;
  for (const auto& code : codes_) all.push_back(code.get());
  return all;
}

const Code* Program::code_at(std::uint32_t pc) const {
  for (const auto& code : codes_) {
    if (code->covers(pc)) return code.get();
  }
  return nullptr;
}

}  // namespace cosmoo::moxie
