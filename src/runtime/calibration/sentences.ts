/**
 * @file Plain sentences of many kinds, written for this package: they are given to a model while its second moments are
 * measured.
 */

export const SENTENCES: readonly string[] = `
A small brown dog runs along the beach with a stick in its mouth.
Two women in red coats wait for the bus in front of a bakery.
How many spoons of sugar go into a cake for eight people?
The train to the coast leaves at half past seven from platform four.
A bowl of green apples stands on a wooden table next to the window.
Scientists have found traces of water in samples from the asteroid.
Which of these chairs would look good in a narrow kitchen?
The bridge was closed on Monday because of strong winds from the north.
An old man reads a newspaper on a bench under a chestnut tree.
Please send me the signed contract before the end of the week.
The cat on the sofa is asleep, and the one on the shelf is watching it.
Rain is expected in the afternoon, with temperatures around twelve degrees.
A close view of a honey bee on a yellow flower.
What is the capital of the country that lies east of Portugal?
Children are flying kites on a hill above the village.
The company reported a profit of 3.4 million euros in the second quarter.
A plate with grilled fish, rice and a slice of lemon.
Turn left after the church and follow the road along the river.
My grandmother kept her letters in a tin box below the stairs.
The museum shows paintings from the seventeenth century on its first floor.
A man in a blue helmet repairs a power line high above the street.
Why does the moon look larger when it is near the horizon?
The recipe needs flour, eggs, butter, a little salt and warm milk.
A white sailing boat lies at anchor in a quiet bay.
The team won the final by two goals to one after extra time.
Insert the battery, press the button for three seconds and wait for the light.
A crowd of people holds up umbrellas at an evening concert in the park.
The library is open from nine to six, on Saturdays until noon.
Is the shirt available in grey, and does it come in a larger size?
A steep path leads through the forest to a wooden hut.
The patient should take one tablet in the morning with a glass of water.
Three elephants drink from a water hole while birds circle above them.
The parliament voted on Thursday against the new tax on sugar.
A black motorcycle is parked in front of a brick wall with graffiti.
When was the first telephone line across the Atlantic opened?
Her new novel tells the story of two sisters who inherit a hotel.
A kitchen with white cupboards, a steel sink and a gas stove.
The sum of the three angles of a triangle is always one hundred and eighty degrees.
Someone has left a green bicycle leaning against the fence.
The volcano on the southern island has been quiet for eighty years.
A boy in a striped shirt blows out the candles on his birthday cake.
What can I cook with rice, tomatoes and a tin of beans?
The red line on the map shows the border before the war.
A stack of old books with leather covers and golden letters.
The airline will refund tickets for all flights that were cancelled.
A surfer rides a large wave close to the rocks.
Copper conducts electricity better than iron, and silver better than copper.
The photograph shows a street market with vegetables, cheese and flowers.
Did the author of this book also write the screenplay of the film?
A horse with a white mane looks over the gate of a field.
The shop sells second-hand furniture, lamps and carpets.
An astronaut floats outside the space station with the Earth below.
He opened the door slowly, for he did not want to wake the baby.
The table lists the population of each city in thousands.
A chef in a white jacket cuts onions on a wooden board.
The river rose by two metres within a day and flooded the lower town.
Where can I see the original handwriting of the composer?
A yellow taxi stops at a crossing in the rain at night.
The new phone has a brighter screen and a battery that lasts two days.
Snow covers the roofs of the houses and the branches of the trees.
The judge adjourned the hearing until the second week of May.
A wooden shelf with plants in clay pots, a clock and a radio.
Which player has scored the most goals in the history of the club?
The lecture explains how cells divide and how errors are repaired.
Two giraffes stand beside each other in the dry grass.
The hotel lies ten minutes on foot from the old harbour.
Add the onions, let them brown for five minutes, then pour in the stock.
A girl with braided hair plays the violin on a stage.
The price of wheat has risen by a fifth since January.
A stone lighthouse on a cliff, with dark clouds behind it.
How do I reset the password of my account if I lost the phone?
The bird builds its nest from moss, feathers and spider silk.
Workers in orange vests lay new rails during the night.
The first floor has a living room, a bathroom and two bedrooms.
A basketball player jumps to block the shot of his opponent.
In the year 1912 the expedition reached the pole and turned back.
A glass of orange juice, two croissants and a folded napkin.
The software is free to use, change and share under an open licence.
Is there a difference between a frog and a toad?
A narrow street with coloured houses and laundry hanging between them.
The mayor opened the new swimming pool on Sunday afternoon.
A tennis player in white serves on a clay court.
The experiment was repeated ten times, and the mean was taken.
Old wooden boats lie upside down on the shore of the lake.
The bus was late, so we walked home through the rain.
What are the symptoms of a lack of iron?
A grey kitten looks out of a cardboard box.
The opposition demands a new election in the autumn.
A long wooden pier leads out into the fog.
Mix two parts of sand with one part of cement and add water.
A woman in a yellow dress dances on the roof of a tall building.
The guitar has six strings, the bass usually four.
This chart compares the sales of the last four years.
Where was this picture taken, and what is the building in the background?
A fox crosses the snowy road in the light of the headlamps.
The castle was built on a rock above the valley and never taken.
A pair of brown leather shoes with a low heel and round toes.
The teacher draws a circle on the blackboard and asks for its area.
Fishermen mend their nets on the quay while gulls wait on the wall.
What year did the company move its headquarters to the north?
The forest burned for nine days before the wind turned.
A cup of black coffee stands next to an open laptop.
The actor thanked his parents, his director and the whole crew.
A herd of sheep blocks the road in front of a small white car.
The nearest pharmacy is on the corner, opposite the post office.
Light travels about three hundred thousand kilometres in a second.
A wedding couple stands below an arch of white roses.
Can this printer be used without a cable?
The orchestra will play works by two young composers tonight.
A hand holds a ripe strawberry in front of a green field.
The city council plans six hundred new flats near the station.
An empty classroom with wooden desks and a map of the world.
She has worked as an engineer in a shipyard since the spring.
A skateboarder slides down a metal rail beside the stairs.
The oldest tree in the park is a lime of about four hundred years.
What is the boiling point of water at the top of that mountain?
A dish of noodles with mushrooms, peppers and sesame.
The letter arrived eleven years after it had been posted.
A police officer on a horse watches the parade.
The camera focuses by itself as soon as the button is half pressed.
Five penguins stand in a row on the ice.
The minister rejected the report as incomplete.
A pink flamingo stands on one leg in shallow water.
How long does the battery of the electric bicycle last in winter?
The bakery on our street makes bread with walnuts on Fridays.
A page from an old atlas, with ships drawn in the sea.
The patient was moved to another hospital on Tuesday night.
A toddler in a green raincoat jumps into a puddle.
Sales of houses fell for the third month in a row.
The answer to the riddle is a shadow.
A tractor pulls a plough across a brown field, followed by crows.
Which train stops in the town where the composer was born?
The novel is set on an island that is cut off by the tide.
A row of red brick houses with white doors.
Keep the medicine in a dry place and out of reach of children.
A hot-air balloon with blue and yellow stripes rises over the vineyards.
The committee meets on the first Wednesday of each month.
The bears come down to the river when the salmon return.
A stop sign at a crossing, half covered by ivy.
How tall is the tower, and how many steps lead to the top?
The film was shot in black and white within three weeks.
A carpenter planes a long board in his workshop.
The pond freezes in December and thaws at the end of February.
A tray with four glasses of tea and a plate of dates.
The programme stops with an error if the file is missing.
Passengers look out of the windows of a red double-decker bus.
The vaccine must be stored at less than minus twenty degrees.
A plastic chair lies in the middle of an empty pool.
Who painted the portrait that hangs above the fireplace?
The market closes at one, but some stands sell fish until three.
A waterfall drops into a round pool between black rocks.
The referee showed him the yellow card for complaining.
The spider waits at the edge of its web until something moves.
A man on a ladder picks cherries into a basket.
The second chapter describes the method, the third the results.
A silver ring with a small blue stone in an open box.
Do you know a quiet place near the station where one can work?
Thunder woke the whole house shortly after two in the morning.
A street musician plays the accordion below an archway.
The satellite sends a picture of the whole hemisphere every ten minutes.
Vegetables grow in raised beds on the roof of the school.
A white van with an open door stands in front of a warehouse.
The invoice lists eight items, two of which were returned.
A zebra crosses a dusty road in front of a jeep.
Can a tree be younger than the house that it leans on?
The company is looking for a nurse for the night shift.
A girl looks through a telescope on a balcony.
The lake is so clear that one can count the stones on the ground.
An airplane with four engines flies low over the roofs.
The strike ended after eleven days with a small rise in pay.
A slice of chocolate cake with a raspberry on a blue plate.
The museum of transport owns forty trams, of which ten still run.
What does the word on the sign above the entrance mean?
Cyclists in bright shirts climb the pass in a long line.
The wall is two metres thick at the bottom and one at the top.
A parrot with red and blue feathers eats a nut.
The reader is asked to send corrections to the editor.
A bathroom with grey tiles, a round mirror and a wooden stool.
Prices are in euros and include tax, but not delivery.
The oldest written recipe for beer is a song to a goddess.
A lifeguard sits on a high chair and looks out over the sea.
The signal turned green, but nobody moved.
A drawing of a house with a crooked chimney and a smiling sun.
Which of the two photographs was taken later in the day?
Elections will be held in eleven of the sixteen states.
A snowboarder in an orange jacket jumps over a ridge.
The grandfather clock in the hall has been slow for years.
Dry leaves cover the steps that lead down to the canal.
A computer screen with two windows full of code beside a keyboard.
`
  .trim()
  .split('\n');
