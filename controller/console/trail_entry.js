// An event of the audit trail in one line, as one element; what stands in it is set as text.
export default {
  template: `
    <div class="entry">
      <q-btn flat dense no-caps :label="number" :aria-label="show" @click="$emit('open')" />
      <span class="soft">{{ at }}</span>
      <span class="name" :title="kind">{{ what }}</span>
      <span class="grow" :title="subject">{{ where }}</span>
      <span class="soft">{{ actor }}</span>
    </div>
  `,
  props: { number: String, show: String, at: String, kind: String, what: String, subject: String, where: String,
    actor: String },
  emits: ["open"],
};
